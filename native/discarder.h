// The process at the other end of the connection that primitives send to, on another processor.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>

#include "native/resources.h"

namespace copypath::native {

/// It throws away what comes. It either stays awake, so that a send never has to wake it, or sleeps
/// until something comes.
class Discarder {
public:
  /// Starts it: to be called before this process is bound to a processor, and while it has only one
  /// thread. Throws MachineLacks.
  Discarder();
  ~Discarder();
  Discarder(const Discarder&) = delete;
  Discarder& operator=(const Discarder&) = delete;

  int socket() const { return socket_; }

  /// The first pages of the buffer, which may be longer. Whole pages, so that what the kernel
  /// copies lies in its page where it does in that of the buffer, as on a path. Where a copy goes
  /// 1 to 31 bytes beyond where it comes from, modulo a page, some processors take five times as
  /// long (AMD's Zen 3, rep movsb). Throws std::logic_error for other sizes.
  void take(const Buffer& buffer, std::size_t bytes) const;

  /// Packets with payload that have been sent to it.
  double packets() const;

  void keep_awake(bool awake) const;

  /// Waits until it has come back from recv() after `time`, and says when (CLOCK_MONOTONIC). Throws
  /// Unsupported if it does not come.
  double wait_until_it_wakes(double time) const;

private:
  struct Shared {
    std::atomic<bool> awake{false};
    std::atomic<double> woke_at{0};
  };

  [[noreturn]] void discard(std::uint16_t port) const;

  Descriptor socket_;
  Shared* shared_ = nullptr;
  pid_t process_ = -1;
};

using Receiver = std::shared_ptr<Discarder>;

constexpr std::size_t kPacket = 65483;  ///< bytes that one packet carries on loopback
constexpr std::size_t kPagesOfPacket = kPacket / kPage * kPage;

/// One that has just gone to sleep, as those of a path do between packets.
constexpr double kUntilItSleeps = 30e-6;

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

/// Seconds of CPU time per call, of so many. Some calls that send find the one before still waiting
/// and join its packet: what has made one packet counts as one call, if each should make `packets`.
double seconds_per_call(const Discarder& to, std::size_t times, double packets,
                        const std::function<void()>& call);

/// The packets that so many bytes make on loopback.
double packets_of(std::size_t bytes);

}  // namespace copypath::native
