// Primitives of TCP on loopback: sends of a buffer that stays in the cache, of several sizes, to a
// process on another processor that discards. What a send costs besides its bytes is what an skb
// costs: building, queueing and freeing it, and the receiving side that the kernel runs in the
// sender's time.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
// The kernel's header does without the C library's timespec only if that has been included.
#include <linux/errqueue.h>
#include <linux/tcp.h>  // struct tcp_info as the kernel has it

#include "native/calls.h"
#include "native/connection.h"
#include "native/input_files.h"
#include "native/primitives.h"
#include "native/processors.h"
#include "native/tcp.h"

namespace copypath::native {

namespace {

constexpr Address kHere = 0x7f000001;
constexpr std::size_t kPacket = 65483;  // what one packet carries on loopback
constexpr int kSendBuffer = 256 * 1024;
// A batch is as long as a run of a path, so that the least of some batches is no luckier than that.
constexpr std::size_t kSends = 20000;
constexpr std::size_t kHandovers = 8000;
constexpr std::size_t kPieceBytes = 65536;
constexpr std::size_t kSentPerBatch = 512 * 1024 * 1024;

// A receiver that has just gone to sleep, as those of a path do between packets.
constexpr double kUntilItSleeps = 30e-6;
constexpr double kGone = 10;  // seconds after which it is not waited for any more

/// The process at the other end of one connection, which throws away what comes. It either stays
/// awake, so that a send never has to wake it, or sleeps until something comes.
class Discarder {
public:
  Discarder() {
    const Descriptor listener = tcp_listen(kHere, 1);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
    const std::uint16_t port = port_of(listener);
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw MachineLacks(with_reason("mmap()"));
    shared_ = new (memory) Shared;
    process_ = fork();
    if (process_ < 0) throw MachineLacks(with_reason("fork()"));
    if (process_ == 0) discard(port);
    socket_ = tcp_accept(listener);
  }
  ~Discarder() {
    socket_.reset();
    kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    munmap(shared_, sizeof(Shared));
  }
  Discarder(const Discarder&) = delete;
  Discarder& operator=(const Discarder&) = delete;

  int socket() const { return socket_; }

  /// The first `bytes` of the buffer, which may be longer.
  void take(const Buffer& buffer, std::size_t bytes) const {
    while (send(socket_, buffer.data(), bytes, MSG_NOSIGNAL) < 0) {
      if (errno != EINTR) throw std::runtime_error(with_reason("send()"));
    }
  }

  /// Packets with payload that have been sent to it.
  double packets() const {
    tcp_info info{};
    socklen_t length = sizeof info;
    getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &length);
    return info.tcpi_data_segs_out;
  }

  void keep_awake(bool awake) const {
    shared_->awake = awake;
    const char byte = 0;
    send(socket_, &byte, 1, MSG_NOSIGNAL);  // whatever it does, it looks
    spin_for(10 * kUntilItSleeps);
  }
  /// Waits until it has come back from recv() after `time`, and says when (CLOCK_MONOTONIC).
  double wait_until_it_wakes(double time) const {
    while (shared_->woke_at < time) {
      if (monotonic_seconds() > time + kGone) throw Unsupported("the receiver does not come");
    }
    return shared_->woke_at;
  }

private:
  struct Shared {
    std::atomic<bool> awake{false};
    std::atomic<double> woke_at{0};
  };

  [[noreturn]] void discard(std::uint16_t port) const {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_IGN);
    run_on(divide_processors().clients);
    try {
      const Descriptor socket = tcp_connect(kHere, port);
      for (;;) {
        const int flags = shared_->awake ? MSG_TRUNC | MSG_DONTWAIT : MSG_TRUNC;
        const ssize_t got = recv(socket, nullptr, 1024 * 1024, flags);
        shared_->woke_at = monotonic_seconds();
        if (got == 0 || (got < 0 && errno == ECONNRESET)) break;
        if (got < 0) spin_for(kLookAgain);
      }
    } catch (const std::exception&) {
    }
    _exit(EXIT_SUCCESS);
  }

  Descriptor socket_;
  Shared* shared_ = nullptr;
  pid_t process_ = -1;
};

using Receiver = std::shared_ptr<Discarder>;

/// While it lives, the receiver never sleeps: then it does, until the next one.
class Awake {
public:
  explicit Awake(const Receiver& receiver) : receiver_(*receiver) { receiver_.keep_awake(true); }
  ~Awake() { receiver_.keep_awake(false); }
  Awake(const Awake&) = delete;
  Awake& operator=(const Awake&) = delete;

private:
  const Discarder& receiver_;
};

/// Seconds that `times` calls take, for each of them. Some calls find the one before still waiting
/// and join its packet: what has made one packet counts as one call, if each should make `packets`.
double seconds_per_call(const Discarder& to, std::size_t times, double packets,
                        const std::function<void()>& call) {
  const double before = to.packets();
  const double seconds = cpu_seconds([&] {
    for (std::size_t i = 0; i < times; ++i) call();
  });
  return seconds * packets / std::max(1.0, to.packets() - before);
}

double packets_of(std::size_t bytes) {
  return static_cast<double>((bytes + kPacket - 1) / kPacket);
}

/// Seconds per send() of so many bytes to a receiver that is awake.
std::function<double()> sending(const Receiver& to, std::size_t bytes) {
  auto buffer = std::make_shared<Buffer>(bytes);
  return [=] {
    const Awake awake(to);
    const std::size_t sends = std::min<std::size_t>(kSends, kSentPerBatch / bytes);
    return seconds_per_call(*to, sends, packets_of(bytes), [&] { to->take(*buffer, bytes); });
  };
}

struct Wakes {
  double sending = 0;  ///< seconds of CPU time per send, the clock's own included
  double latency = 0;  ///< seconds from its end until the receiver is there
};

/// Sends with pauses in which a receiver that may sleep goes to sleep.
Wakes send_with_pauses(const Discarder& to) {
  constexpr int kSingle = 200;
  constexpr std::size_t kSmall = 64;
  const Buffer buffer(kSmall);
  Wakes wakes;
  for (int i = 0; i < kSingle; ++i) {
    spin_for(kUntilItSleeps);
    const double begun = monotonic_seconds();
    wakes.sending += cpu_seconds([&] { to.take(buffer, kSmall); }) / kSingle;
    const double sent = monotonic_seconds();
    wakes.latency += std::max(0.0, to.wait_until_it_wakes(begun) - sent) / kSingle;
  }
  return wakes;
}

/// Seconds that waking the receiver adds to a send().
std::function<double()> waking(const Receiver& to) {
  return [=] {
    const double asleep = send_with_pauses(*to).sending;
    const Awake awake(to);
    return asleep - send_with_pauses(*to).sending;
  };
}

/// Seconds per send(MSG_ZEROCOPY), with reading the notifications.
std::function<double()> sending_zerocopy(const Receiver& to, std::size_t bytes) {
  auto buffer = std::make_shared<Buffer>(bytes);
  return [=] {
    const Awake awake(to);
    const std::size_t sends = std::min<std::size_t>(kSends, kSentPerBatch / bytes) / 2;
    const int on = 1;
    if (setsockopt(to->socket(), SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on) != 0) {
      throw Unsupported(with_reason("setsockopt(SO_ZEROCOPY)"));
    }
    const auto drain = [&] {
      std::array<char, 128> control{};
      msghdr message{};
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      return recvmsg(to->socket(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0;
    };
    const double seconds = cpu_seconds([&] {
      for (std::size_t i = 0; i < sends; ++i) {
        while (send(to->socket(), buffer->data(), bytes, MSG_ZEROCOPY | MSG_NOSIGNAL) < 0) {
          if (errno == EINTR) continue;
          if (errno != ENOBUFS) throw Unsupported(with_reason("send(MSG_ZEROCOPY)"));
          drain();
        }
      }
    });
    while (drain()) {
    }
    return seconds / static_cast<double>(sends);
  };
}

/// A pipe that keeps pages of a buffer, and one that takes references to them (tee()).
struct Pages {
  Pages() {
    iovec all{buffer.data(), buffer.size()};
    if (vmsplice(source.in, &all, 1, 0) < 0) throw Unsupported(with_reason("vmsplice()"));
  }
  /// Hands the first `bytes` on, by reference.
  void splice_to(int target, std::size_t bytes) const {
    ssize_t left = tee(source.out, pipe.in, bytes, 0);
    if (left < 0) throw Unsupported(with_reason("tee()"));
    while (left > 0) {
      const ssize_t n =
          splice(pipe.out, nullptr, target, nullptr, static_cast<std::size_t>(left), 0);
      if (n < 0 && errno != EINTR) throw Unsupported(with_reason("splice()"));
      left -= std::max<ssize_t>(n, 0);
    }
  }
  Buffer buffer{kPieceBytes};
  Pipe source{kPieceBytes};
  Pipe pipe{kPieceBytes};
};

/// Seconds that a splice() of hot pages to the socket takes more than one to /dev/null.
std::function<double()> handing_over(const Receiver& to, std::size_t bytes) {
  return [=] {
    const Awake awake(to);
    const Pages pages;
    const Descriptor null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    const double to_socket = seconds_per_call(*to, kHandovers, packets_of(bytes),
                                              [&] { pages.splice_to(to->socket(), bytes); });
    const double to_null = cpu_seconds([&] {
      for (std::size_t i = 0; i < kHandovers; ++i) pages.splice_to(null, bytes);
    });
    return to_socket - to_null / static_cast<double>(kHandovers);
  };
}

}  // namespace

std::vector<Primitive> network_primitives() {
  const auto to = std::make_shared<Discarder>();
  return {
      {"send_4k", "call", "send() of 4 KiB on loopback, to a receiver that is awake",
       sending(to, 4096)},
      {"send_packet", "call", "the same of 65,483 bytes, one packet", sending(to, kPacket)},
      {"send_64k", "call", "the same of 64 KiB, two packets", sending(to, 64 * 1024)},
      {"send_2_packets", "call", "the same of 130,966 bytes, two full packets",
       sending(to, 2 * kPacket)},
      {"splice_4k", "call", "splice() of a page of the program, less one to /dev/null",
       handing_over(to, 4096)},
      {"splice_packet", "call", "the same of 65,483 bytes in 16 pages", handing_over(to, kPacket)},
      {"wake_receiver", "call",
       "send() to a receiver that sleeps, less one to a receiver that does not", waking(to)},
      {"wake_latency", "call", "from the end of that send until the receiver is there",
       [=] { return send_with_pauses(*to).latency; }},
      {"send_zerocopy_4k", "call", "send(MSG_ZEROCOPY) of 4 KiB on loopback",
       sending_zerocopy(to, 4096)},
      {"send_zerocopy_packet", "call", "send(MSG_ZEROCOPY) of 65,483 bytes on loopback",
       sending_zerocopy(to, kPacket)}};
}

}  // namespace copypath::native
