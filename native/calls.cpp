// The calls themselves, and what their errors mean.
#include "native/calls.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <numeric>

namespace copypath::native {

namespace {

constexpr std::array<const char*, kCalls> kNames{"read",
                                                 "pread",
                                                 "recv",
                                                 "send",
                                                 "write",
                                                 "writev",
                                                 "setsockopt",
                                                 "sendmsg",
                                                 "recvmsg",
                                                 "sendfile",
                                                 "splice",
                                                 "vmsplice",
                                                 "mmap",
                                                 "munmap",
                                                 "poll",
                                                 "ioctl",
                                                 "clock_nanosleep",
                                                 "io_uring_setup",
                                                 "io_uring_register",
                                                 "io_uring_enter"};

[[noreturn]] void fail(Call call) {
  const std::string what = with_reason(std::string(name_of(call)) + "()");
  switch (errno) {
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
    case ESHUTDOWN:
      throw Disconnected(what);
    case EAGAIN:
      throw std::runtime_error(std::string(name_of(call)) + "(): nothing moved for " +
                               std::to_string(kStallSeconds) + " s");
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
    case ENOPROTOOPT:
    case EPERM:
    case ENOMEM:
      throw Unsupported(what);
    default:
      throw std::runtime_error(what);
  }
}

std::uint64_t minor_faults() {
  rusage used{};
  getrusage(RUSAGE_THREAD, &used);
  return static_cast<std::uint64_t>(used.ru_minflt);
}

std::size_t some(Call call, std::size_t bytes) {
  if (bytes == 0) throw Disconnected(std::string(name_of(call)) + "(): the bytes ended early");
  return bytes;
}

}  // namespace

std::string with_reason(const std::string& what) { return what + ": " + std::strerror(errno); }

const char* name_of(Call call) { return kNames[static_cast<std::size_t>(call)]; }

template <typename Function>
std::size_t Calls::make(Call call, Function function) {
  for (;;) {
    ++counts_[static_cast<std::size_t>(call)];
    const ssize_t result = function();
    if (result >= 0) return static_cast<std::size_t>(result);
    if (errno != EINTR) fail(call);
  }
}

std::size_t Calls::read(int from, void* to, std::size_t bytes) {
  return some(Call::kRead, make(Call::kRead, [&] { return ::read(from, to, bytes); }));
}

std::size_t Calls::pread(int file, void* to, std::size_t bytes, std::uint64_t position) {
  const auto offset = static_cast<off_t>(position);
  return some(Call::kPread, make(Call::kPread, [&] { return ::pread(file, to, bytes, offset); }));
}

std::size_t Calls::sendfile(int socket, int file, std::uint64_t& position, std::size_t bytes) {
  auto offset = static_cast<off_t>(position);
  const std::size_t sent =
      make(Call::kSendfile, [&] { return ::sendfile(socket, file, &offset, bytes); });
  position += sent;
  return some(Call::kSendfile, sent);
}

std::size_t Calls::splice(int from, int to, std::size_t bytes) {
  const auto call = [&] { return ::splice(from, nullptr, to, nullptr, bytes, 0); };
  return some(Call::kSplice, make(Call::kSplice, call));
}

std::size_t Calls::splice_file(int file, std::uint64_t& position, int pipe, std::size_t bytes) {
  auto offset = static_cast<off_t>(position);
  const std::size_t moved =
      make(Call::kSplice, [&] { return ::splice(file, &offset, pipe, nullptr, bytes, 0); });
  position += moved;
  return some(Call::kSplice, moved);
}

std::size_t Calls::vmsplice(int pipe, const void* from, std::size_t bytes) {
  const iovec vector{const_cast<void*>(from), bytes};
  // Non-blocking: takes what fits the pipe, instead of waiting for a reader.
  return make(Call::kVmsplice, [&] { return ::vmsplice(pipe, &vector, 1, SPLICE_F_NONBLOCK); });
}

void Calls::write_all(int socket, const void* from, std::size_t bytes) {
  const char* next = static_cast<const char*>(from);
  while (bytes > 0) {
    const std::size_t n = make(Call::kWrite, [&] { return ::write(socket, next, bytes); });
    next += n;
    bytes -= n;
    written_ += n;
  }
}

std::size_t Calls::recv(int socket, void* to, std::size_t bytes) {
  return some(Call::kRecv, make(Call::kRecv, [&] { return ::recv(socket, to, bytes, 0); }));
}

void Calls::send_all(int socket, const void* from, std::size_t bytes) {
  const char* next = static_cast<const char*>(from);
  while (bytes > 0) {
    const std::size_t n =
        make(Call::kSend, [&] { return ::send(socket, next, bytes, MSG_NOSIGNAL); });
    next += n;
    bytes -= n;
  }
}

void Calls::recv_all(int socket, void* to, std::size_t bytes) {
  char* next = static_cast<char*>(to);
  while (bytes > 0) {
    const std::size_t n = some(
        Call::kRecv, make(Call::kRecv, [&] { return ::recv(socket, next, bytes, MSG_WAITALL); }));
    next += n;
    bytes -= n;
  }
}

void Calls::writev_all(int socket, const void* from, std::size_t bytes) {
  iovec piece{const_cast<void*>(from), bytes};
  while (piece.iov_len > 0) {
    const std::size_t n = make(Call::kWritev, [&] { return ::writev(socket, &piece, 1); });
    piece.iov_base = static_cast<char*>(piece.iov_base) + n;
    piece.iov_len -= n;
    written_ += n;
  }
}

void Calls::allow_zerocopy(int socket) {
  const int on = 1;
  make(Call::kSetsockopt,
       [&]() -> ssize_t { return ::setsockopt(socket, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on); });
}

std::size_t Calls::send_zerocopy(int socket, const void* from, std::size_t bytes) {
  iovec vector{const_cast<void*>(from), bytes};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  return make(Call::kSendmsg, [&]() -> ssize_t {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_ZEROCOPY | MSG_NOSIGNAL);
    return sent < 0 && errno == ENOBUFS ? 0 : sent;
  });
}

bool Calls::receive_error(int socket, msghdr& message) {
  bool found = true;
  make(Call::kRecvmsg, [&]() -> ssize_t {
    const ssize_t result = ::recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (result < 0 && errno == EAGAIN) found = false;
    return found ? result : 0;
  });
  return found;
}

void Calls::poll_error(int socket) {
  pollfd waited{socket, 0, 0};  // POLLERR is always reported
  const std::size_t ready =
      make(Call::kPoll, [&]() -> ssize_t { return ::poll(&waited, 1, kStallSeconds * 1000); });
  if (ready == 0) {
    errno = EAGAIN;
    fail(Call::kPoll);
  }
  if ((waited.revents & POLLHUP) != 0) throw Disconnected("poll(): the client has gone");
}

void* Calls::mmap(int file, std::uint64_t position, std::size_t bytes, bool populate) {
  void* mapping = MAP_FAILED;
  const std::uint64_t faults_before = populate ? minor_faults() : 0;
  const int flags = MAP_SHARED | (populate ? MAP_POPULATE : 0);
  make(Call::kMmap, [&]() -> ssize_t {
    mapping = ::mmap(nullptr, bytes, PROT_READ, flags, file, static_cast<off_t>(position));
    return mapping == MAP_FAILED ? -1 : 0;
  });
  if (populate) faults_in_advance_ += minor_faults() - faults_before;
  return mapping;
}

void Calls::munmap(void* mapping, std::size_t bytes) {
  make(Call::kMunmap, [&]() -> ssize_t { return ::munmap(mapping, bytes); });
}

std::size_t Calls::unacknowledged(int socket) {
  int bytes = 0;
  make(Call::kIoctl, [&]() -> ssize_t { return ::ioctl(socket, SIOCOUTQ, &bytes); });
  return static_cast<std::size_t>(bytes);
}

void Calls::sleep(double seconds) {
  const double whole = std::floor(seconds);
  const timespec time{static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
  make(Call::kClockNanosleep, [&]() -> ssize_t {
    errno = ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    return errno == 0 ? 0 : -1;
  });
}

void Calls::io_uring_setup(io_uring& ring, unsigned requests) {
  make(Call::kIoUringSetup, [&]() -> ssize_t {
    const int result = io_uring_queue_init(requests, &ring, 0);
    if (result < 0) errno = -result;
    return result < 0 ? -1 : 0;
  });
  // One for both rings, whose memory is one (IORING_FEAT_SINGLE_MMAP), and one for the requests.
  counts_[static_cast<std::size_t>(Call::kMmap)] += 2;
}

void Calls::io_uring_register(io_uring& ring, const iovec* buffers, unsigned count) {
  make(Call::kIoUringRegister, [&]() -> ssize_t {
    const int result = io_uring_register_buffers(&ring, buffers, count);
    if (result < 0) errno = -result;
    return result < 0 ? -1 : 0;
  });
}

void Calls::io_uring_enter(io_uring& ring, unsigned completions) {
  make(Call::kIoUringEnter, [&]() -> ssize_t {
    __kernel_timespec limit{kStallSeconds, 0};
    io_uring_cqe* first = nullptr;
    const int result =
        io_uring_submit_and_wait_timeout(&ring, &first, completions, &limit, nullptr);
    if (result < 0) errno = result == -ETIME ? EAGAIN : -result;
    return result < 0 ? -1 : result;
  });
}

std::uint64_t Calls::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::map<std::string, std::uint64_t> Calls::by_name() const {
  std::map<std::string, std::uint64_t> names;
  for (std::size_t i = 0; i < kCalls; ++i) {
    if (counts_[i] > 0) names[kNames[i]] = counts_[i];
  }
  return names;
}

}  // namespace copypath::native
