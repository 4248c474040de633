#include "native/connection.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "models/nic/wire.h"
#include "native/fetches.h"

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

void spin_for(double seconds) {
  const double start = monotonic_seconds();
  while (monotonic_seconds() < start + seconds) {
  }
}

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
  if (served == requests.count(number)) {
    after = Usage::now();
    finished = true;
    return false;
  }
  stop_if_given_up();
  const Request request = requests.at(number, served++);
  before_request += end - begin;
  position = begin = request.offset.count();
  end = position + request.bytes.count();
  if (!files.empty()) {
    file = files.at(request.file).descriptor;
    size = files.at(request.file).size;
  }
  if (is_log_broker(config)) {
    std::array<char, kRequestText.count()> fetch{};
    calls.recv_all(socket, fetch.data(), fetch.size());
    calls.writev_all(socket, header.data(), header.size());
  }
  // As opening it anew and seeking would; a socket has no place.
  lseek(file, static_cast<off_t>(position), SEEK_SET);
  return true;
}

void Connection::ask_origin() {
  const std::array<char, kRequestText.count()> text{};
  if (left() > 0) calls.send_all(file, text.data(), text.size());
}

void Connection::stop_if_given_up() const {
  if (given_up != nullptr && *given_up) throw Disconnected("the run has been given up");
}

void Connection::stop_if_hung_up() const {
  stop_if_given_up();
  pollfd ended{socket, POLLRDHUP, 0};
  if (poll(&ended, 1, 0) > 0) throw Disconnected("the client has gone");
}

std::size_t Connection::read_size(std::uint64_t bytes, std::size_t buffer) const {
  const std::uint64_t blocks = units_covering(Bytes(bytes), kPageSize) * kPageSize.count();
  return std::min<std::uint64_t>(buffer, direct ? blocks : bytes);
}

std::uint64_t Connection::pages() const {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < requests.count(number); ++i) {
    const Request request = requests.at(number, i);
    const std::uint64_t first = request.offset / kPageSize;
    sum += units_covering(request.offset + request.bytes, kPageSize) - first;
  }
  return sum;
}

}  // namespace copypath::native
