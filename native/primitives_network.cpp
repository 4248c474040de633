// Primitives of TCP on loopback: sends of a buffer that stays in the cache, of several sizes, to a
// process on another processor that discards. What a send costs besides its bytes is what an skb
// costs: building, queueing and freeing it, and the receiving side that the kernel runs in the
// sender's time.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
// The kernel's header does without the C library's timespec only if that has been included.
#include <linux/errqueue.h>

#include "native/calls.h"
#include "native/connection.h"
#include "native/discarder.h"
#include "native/primitives.h"

namespace copypath::native {

namespace {

// A batch is as long as a run of a path that serves 64 MiB, so that the least of some batches is no
// luckier than that.
constexpr std::size_t kSends = 5000;
constexpr std::size_t kHandovers = 2000;
constexpr std::size_t kHandedOver = 2 * 65536;
constexpr std::size_t kSentPerBatch = 128 * 1024 * 1024;

/// Calls that send, in turns with as many sends of 4 KiB.
Batch compared(const Discarder& to, std::size_t times, const SecondsPer& calls) {
  const Buffer page(kPage);
  return in_turns(times, calls, [&](std::size_t some) {
    return seconds_per_call(to, some, 1, [&] { to.take(page, kPage); });
  });
}

/// send() of so many bytes to a receiver that is awake.
std::function<Batch()> sending(const Receiver& to, std::size_t bytes) {
  auto buffer = std::make_shared<Buffer>(bytes);
  return [=] {
    const Awake awake(to);
    const std::size_t sends = std::min<std::size_t>(kSends, kSentPerBatch / bytes);
    return compared(*to, sends, [&](std::size_t some) {
      return seconds_per_call(*to, some, packets_of(bytes), [&] { to->take(*buffer, bytes); });
    });
  };
}

struct Wakes {
  double sending = 0;  ///< seconds of CPU time per send, the clock's own included
  double latency = 0;  ///< seconds from its end until the receiver is there
};

/// Sends with pauses in which a receiver that may sleep goes to sleep.
Wakes send_with_pauses(const Discarder& to) {
  constexpr int kSingle = 200;
  const Buffer page(kPage);
  Wakes wakes;
  for (int i = 0; i < kSingle; ++i) {
    spin_for(kUntilItSleeps);
    const double begun = monotonic_seconds();
    wakes.sending += cpu_seconds([&] { to.take(page, kPage); }) / kSingle;
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

/// Whether a notification comes within a second.
bool notification_comes(int socket) {
  pollfd waiting{socket, 0, 0};
  return poll(&waiting, 1, 1000) > 0;
}

/// send(MSG_ZEROCOPY), with reading the notifications.
std::function<Batch()> sending_zerocopy(const Receiver& to, std::size_t bytes) {
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
    const auto seconds_per = [&](std::size_t some) {
      const double seconds = cpu_seconds([&] {
        for (std::size_t i = 0; i < some; ++i) {
          while (send(to->socket(), buffer->data(), bytes, MSG_ZEROCOPY | MSG_NOSIGNAL) < 0) {
            if (errno == EINTR) continue;
            if (errno != ENOBUFS) throw Unsupported(with_reason("send(MSG_ZEROCOPY)"));
            if (!drain() && !notification_comes(to->socket())) {
              throw Unsupported(kNoRoomForZerocopy);
            }
          }
        }
      });
      while (drain()) {
      }
      return seconds / static_cast<double>(some);
    };
    return compared(*to, sends, seconds_per);
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
  Buffer buffer{kHandedOver};
  Pipe source{kHandedOver};
  Pipe pipe{kHandedOver};
};

/// splice() of hot pages to the socket, less one to /dev/null.
std::function<Batch()> handing_over(const Receiver& to, std::size_t bytes) {
  const auto pages = std::make_shared<Pages>();
  const auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return [=] {
    const Awake awake(to);
    return compared(*to, kHandovers, [&](std::size_t some) {
      const double to_socket = seconds_per_call(*to, some, packets_of(bytes),
                                                [&] { pages->splice_to(to->socket(), bytes); });
      const double to_null = cpu_seconds([&] {
        for (std::size_t i = 0; i < some; ++i) pages->splice_to(*null, bytes);
      });
      return to_socket - to_null / static_cast<double>(some);
    });
  };
}

}  // namespace

std::vector<Primitive> network_primitives(const Receiver& to) {
  return {
      {"send_4k", "call", "send() of 4 KiB on loopback, to a receiver that is awake",
       sending(to, kPage), 1, Counts::kMultiple},
      {"send_packet", "call", "the same of 60 KiB, one packet", sending(to, kPagesOfPacket), 1,
       Counts::kMultiple},
      {"splice_4k", "call", "splice() of a page of the program on loopback, less that to /dev/null",
       handing_over(to, kPage), 1, Counts::kMultiple},
      {"splice_packet", "call", "the same of 65,483 bytes in 16 pages", handing_over(to, kPacket),
       1, Counts::kMultiple},
      {"splice_2_packets", "call", "the same of 130,966 bytes in 32 pages",
       handing_over(to, 2 * kPacket), 1, Counts::kMultiple},
      {"wake_receiver", "call",
       "send() to a receiver that sleeps, less one to a receiver that does not", waking(to)},
      {"wake_latency", "call", "from the end of that send until the receiver is there",
       [=] { return send_with_pauses(*to).latency; }},
      {"send_zerocopy_4k", "call", "send(MSG_ZEROCOPY) of 4 KiB on loopback",
       sending_zerocopy(to, kPage), 1, Counts::kMultiple},
      {"send_zerocopy_packet", "call", "send(MSG_ZEROCOPY) of 65,483 bytes on loopback",
       sending_zerocopy(to, kPacket), 1, Counts::kMultiple}};
}

}  // namespace copypath::native
