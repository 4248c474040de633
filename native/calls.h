// The system calls of one connection. A path makes every call through this, so that the counts by
// name are exact: a call that a signal interrupts and that is made again counts twice.
// A closed connection is an exception and never a signal that ends the process; what the kernel
// does not do at all is Unsupported. Leaves out the calls that set a connection up.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

struct io_uring;

namespace copypath::native {

/// The kernel, the machine or the privileges lack what a path needs; the message says what.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Why not even one send with MSG_ZEROCOPY may be possible.
inline constexpr char kNoRoomForZerocopy[] =
    "MSG_ZEROCOPY: the limits of locked memory (RLIMIT_MEMLOCK) or option memory "
    "(net.core.optmem_max) do not allow a single send";

/// The other end of a connection has gone.
struct Disconnected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "what: reason of the current errno".
std::string with_reason(const std::string& what);

/// No transfer on a connection may pause for longer than this; then the run is given up.
constexpr int kStallSeconds = 60;

enum class Call : std::uint8_t {
  kRead,
  kPread,
  kRecv,
  kSend,
  kWrite,
  kWritev,
  kSetsockopt,
  kSendmsg,
  kRecvmsg,
  kSendfile,
  kSplice,
  kVmsplice,
  kMmap,
  kMunmap,
  kPoll,
  kIoctl,
  kClockNanosleep,
  kIoUringSetup,
  kIoUringRegister,
  kIoUringEnter
};
constexpr std::size_t kCalls = 20;

/// As in the man pages: "read".
const char* name_of(Call call);

class Calls {
public:
  // From a file or a socket, at least one byte. Throw std::runtime_error if there is none left.
  std::size_t read(int from, void* to, std::size_t bytes);
  std::size_t pread(int file, void* to, std::size_t bytes, std::uint64_t position);
  std::size_t sendfile(int socket, int file, std::uint64_t& position, std::size_t bytes);
  std::size_t splice(int from, int to, std::size_t bytes);
  std::size_t splice_file(int file, std::uint64_t& position, int pipe, std::size_t bytes);
  std::size_t vmsplice(int pipe, const void* from, std::size_t bytes);

  /// Writes all of it: one call, as the socket blocks, unless it is interrupted or at the limit of
  /// 0x7ffff000 bytes per call.
  void write_all(int socket, const void* from, std::size_t bytes);

  /// Receives what is there, at least one byte.
  std::size_t recv(int socket, void* to, std::size_t bytes);
  /// Sends all of it, as write_all() does.
  void send_all(int socket, const void* from, std::size_t bytes);

  /// Receives all of it.
  void recv_all(int socket, void* to, std::size_t bytes);
  /// writev() of one piece, all of it.
  void writev_all(int socket, const void* from, std::size_t bytes);

  /// Sets SO_ZEROCOPY.
  void allow_zerocopy(int socket);

  /// sendmsg() with MSG_ZEROCOPY. Returns 0 if the kernel has no room to remember it (ENOBUFS).
  std::size_t send_zerocopy(int socket, const void* from, std::size_t bytes);

  /// From the error queue. Returns false if that is empty.
  bool receive_error(int socket, msghdr& message);

  /// Waits until there is something in the error queue.
  void poll_error(int socket);

  /// A read-only, shared mapping. `position` is a multiple of the page size.
  void* mmap(int file, std::uint64_t position, std::size_t bytes, bool populate);
  void munmap(void* mapping, std::size_t bytes);

  /// How much of what was sent has not been acknowledged (SIOCOUTQ).
  std::size_t unacknowledged(int socket);
  void sleep(double seconds);

  /// Makes a ring for that many requests: io_uring_setup(), and two mmap() of what it shares with
  /// the kernel.
  void io_uring_setup(io_uring& ring, unsigned requests);
  /// Registers the program's buffers, whose pages stay pinned.
  void io_uring_register(io_uring& ring, const iovec* buffers, unsigned count);
  /// Submits what has been prepared and waits for so many completions: one io_uring_enter().
  void io_uring_enter(io_uring& ring, unsigned completions);

  std::uint64_t count(Call call) const { return counts_[static_cast<std::size_t>(call)]; }
  std::uint64_t total() const;

  /// The calls that were made, by name.
  std::map<std::string, std::uint64_t> by_name() const;

  /// Minor faults that mmap() has made itself to populate a mapping (the kernel counts them).
  std::uint64_t faults_in_advance() const { return faults_in_advance_; }

  /// Bytes that write_all() has written.
  std::uint64_t written() const { return written_; }

private:
  template <typename Function>
  std::size_t make(Call call, Function function);

  std::array<std::uint64_t, kCalls> counts_{};
  std::uint64_t written_ = 0;
  std::uint64_t faults_in_advance_ = 0;
};

}  // namespace copypath::native
