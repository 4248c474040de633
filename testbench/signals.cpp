// Interrupts of the program. The handler only counts; loops look at the count.
#include "testbench/signals.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>

namespace copypath {

namespace {

constexpr std::array<int, 5> kSignals{SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

/// Then the write fails, and says why.
bool is_about_a_write(int number) { return number == SIGPIPE || number == SIGXFSZ; }

/// What a child without a parent may still take to close its files.
constexpr unsigned kSecondsForOrphans = 2;

/// Signals this close together are one: timeout(1), for one, signals a process and then its group.
constexpr double kSecondsBetweenInterrupts = 0.2;

volatile std::sig_atomic_t first_signal = 0;
volatile std::sig_atomic_t signal_count = 0;
volatile std::sig_atomic_t parent_process = 0;
double first_signal_time = 0;  // of the handler, which no other of these interrupts
std::array<struct sigaction, kSignals.size()> saved_actions;

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void count_signal(int number) {
  if (signal_count == 0) {
    first_signal = number;
    first_signal_time = now();
    signal_count = 1;
  } else if (now() - first_signal_time > kSecondsBetweenInterrupts) {
    signal_count = signal_count + 1;
  }
  if (parent_process != 0 && getppid() != parent_process) alarm(kSecondsForOrphans);
}

void on_signal(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  for (const int blocked : kSignals) sigaddset(&action.sa_mask, blocked);
  sigaction(number, &action, nullptr);
}

}  // namespace

SignalGuard::SignalGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &saved_actions[i]);
    const bool kept_ignored = kSignals[i] == SIGHUP && saved_actions[i].sa_handler == SIG_IGN;
    if (!kept_ignored)
      on_signal(kSignals[i], is_about_a_write(kSignals[i]) ? SIG_IGN : count_signal);
  }
}

SignalGuard::~SignalGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &saved_actions[i], nullptr);
  }
}

int interrupt_signal() { return first_signal; }
int interrupt_count() { return signal_count; }

void follow_parent(pid_t parent) {
  parent_process = parent;
  on_signal(SIGINT, SIG_IGN);
  on_signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) raise(SIGTERM);  // it died before it could be followed
}

}  // namespace copypath
