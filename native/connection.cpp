#include "native/connection.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

namespace copypath::native {

namespace {

double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

void StartGate::arrive() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--missing_ == 0) opened_.notify_all();
}

void StartGate::arrive_and_wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (--missing_ == 0) opened_.notify_all();
  opened_.wait(lock, [&] { return missing_ == 0; });
}

double monotonic_seconds() { return seconds(CLOCK_MONOTONIC); }

Usage Usage::now() {
  rusage used{};
  getrusage(RUSAGE_THREAD, &used);
  Usage usage;
  usage.time = monotonic_seconds();
  usage.context_switches = static_cast<std::uint64_t>(used.ru_nvcsw + used.ru_nivcsw);
  usage.faults_minor = static_cast<std::uint64_t>(used.ru_minflt);
  usage.faults_major = static_cast<std::uint64_t>(used.ru_majflt);
  usage.cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
  return usage;
}

bool Connection::next_request() {
  if (!started) {
    started = true;
    if (gate != nullptr) gate->arrive_and_wait();
    before = Usage::now();
  }
  if (served == config.workload.requests) {
    after = Usage::now();
    finished = true;
    return false;
  }
  if (served++ > 0) lseek(file, 0, SEEK_SET);  // as opening it anew would; a socket has no place
  position = 0;
  return true;
}

}  // namespace copypath::native
