// Primitives of TCP on loopback: sends of a buffer that stays in the cache, of several sizes, to a
// process on another processor that discards. What a send costs besides its bytes is what an skb
// costs: building, queueing and freeing it, and the receiving side that the kernel runs in the
// sender's time.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
// The kernel's header does without the C library's timespec only if that has been included.
#include <linux/errqueue.h>

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
constexpr std::size_t kSentPerBatch = 512 * 1024 * 1024;

/// The process at the other end of one connection, which throws away what comes.
class Discarder {
public:
  Discarder() {
    const Descriptor listener = tcp_listen(kHere, 1);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
    const std::uint16_t port = port_of(listener);
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
  }
  Discarder(const Discarder&) = delete;
  Discarder& operator=(const Discarder&) = delete;

  int socket() const { return socket_; }

  void take(const Buffer& buffer) const {
    while (send(socket_, buffer.data(), buffer.size(), MSG_NOSIGNAL) < 0) {
      if (errno != EINTR) throw std::runtime_error(with_reason("send()"));
    }
  }

private:
  [[noreturn]] static void discard(std::uint16_t port) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_IGN);
    run_on(divide_processors().clients);
    try {
      const Descriptor socket = tcp_connect(kHere, port);
      while (recv(socket, nullptr, 1024 * 1024, MSG_TRUNC) != 0 && errno != ECONNRESET) {
      }
    } catch (const std::exception&) {
    }
    _exit(EXIT_SUCCESS);
  }

  Descriptor socket_;
  pid_t process_ = -1;
};

/// Seconds per send() of so many bytes.
std::function<double()> sending(const std::shared_ptr<Discarder>& to, std::size_t bytes) {
  auto buffer = std::make_shared<Buffer>(bytes);
  return [=] {
    const std::size_t sends = std::min<std::size_t>(kSends, kSentPerBatch / bytes);
    const double seconds = cpu_seconds([&] {
      for (std::size_t i = 0; i < sends; ++i) {
        to->take(*buffer);
      }
    });
    return seconds / static_cast<double>(sends);
  };
}

/// Seconds per send() to a receiver that has gone to sleep.
std::function<double()> sending_waking(const std::shared_ptr<Discarder>& to, std::size_t bytes) {
  auto buffer = std::make_shared<Buffer>(bytes);
  return [=] {
    constexpr int kWakes = 200;
    constexpr double kUntilItSleeps = 200e-6;
    double seconds = 0;
    double clock = 1;  // what looking at it costs: the least that has been seen
    for (int i = 0; i < kWakes; ++i) {
      for (const double start = monotonic_seconds();
           monotonic_seconds() < start + kUntilItSleeps;) {
      }
      clock = std::min(clock, cpu_seconds([] {}));
      seconds += cpu_seconds([&] { to->take(*buffer); });
    }
    return seconds / kWakes - clock;
  };
}

/// Seconds per send(MSG_ZEROCOPY), with reading the notifications.
std::function<double()> sending_zerocopy(const std::shared_ptr<Discarder>& to, std::size_t bytes) {
  auto buffer = std::make_shared<Buffer>(bytes);
  return [=] {
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

}  // namespace

std::vector<Primitive> network_primitives() {
  const auto to = std::make_shared<Discarder>();
  return {
      {"send_64", "call", "send() of 64 bytes on loopback", sending(to, 64)},
      {"send_4k", "call", "send() of 4 KiB on loopback", sending(to, 4096)},
      {"send_16k", "call", "send() of 16 KiB on loopback", sending(to, 16 * 1024)},
      {"send_packet", "call", "send() of 65,483 bytes, one packet, on loopback",
       sending(to, kPacket)},
      {"send_64k", "call", "send() of 64 KiB, two packets, on loopback", sending(to, 64 * 1024)},
      {"send_2_packets", "call", "send() of 130,966 bytes, two full packets, on loopback",
       sending(to, 2 * kPacket)},
      {"send_64_waking", "call", "send() of 64 bytes to a receiver that sleeps",
       sending_waking(to, 64)},
      {"send_zerocopy_4k", "call", "send(MSG_ZEROCOPY) of 4 KiB on loopback",
       sending_zerocopy(to, 4096)},
      {"send_zerocopy_packet", "call", "send(MSG_ZEROCOPY) of 65,483 bytes on loopback",
       sending_zerocopy(to, kPacket)}};
}

}  // namespace copypath::native
