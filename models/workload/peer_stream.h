// A stream that a machine at the other end of the NIC's wire sends: how much of it may be on its
// way (RFC 5681), and what is sent again when the NIC has dropped something (models/kernel/
// loss_recovery.h). It begins with what socket.initial_window says: a few segments, doubled in
// every round trip (slow start), or all that the receiver takes, as on a connection that has been
// in use. A loss halves what may be on its way, which grows by a segment per round trip then; while
// it recovers, it sends no more than has arrived, and a segment (RFC 6937). What is sent in one go
// is a packet of the receiving kernel (GRO), at most half of what may be on its way. Plain C++.
// Left out: pacing, CUBIC, undoing.
#pragma once

#include "models/kernel/loss_recovery.h"
#include "models/platform/config.h"

namespace copypath {

class PeerStream {
public:
  using Stretch = LossRecovery::Stretch;

  /// `packet`: the most that is sent in one go.
  PeerStream(const Config& config, Bytes packet);

  Bytes sent() const { return sent_; }  ///< for the first time
  bool idle() const { return acknowledged_ == sent_; }
  /// What may be on its way, if the receiver has room for it.
  Bytes window() const { return window_; }

  /// The NIC drops frames from now on.
  void expect_losses(sc_time now);
  void take_acknowledgement(const Packet& packet, sc_time now);
  /// Does what is due if the timer has expired; when it will. Without losses there is none.
  sc_time check_timer(sc_time now);

  /// What to send next of the `available` bytes of the stream: what was lost, or the next packet;
  /// nothing if the windows do not let it go.
  Stretch next(Bytes available) const;
  /// That is sent.
  void send(const Stretch& stretch, sc_time now);

private:
  void restart_timer(sc_time now);
  void measure(sc_time now);
  /// The most that is sent in one go now.
  Bytes most() const;

  Bytes segment_;
  Bytes packet_;
  LossRecovery recovery_;
  bool losses_ = false;
  Bytes window_;     // for congestion
  Bytes threshold_;  // of slow start
  Bytes limit_;      // of the stream, that the receive buffer has room for
  Bytes sent_;
  Bytes acknowledged_;
  Bytes credit_;     // what may be sent while it recovers, for what has arrived
  Bytes recovered_;  // a loss before this one has halved the window already
  sc_time deadline_;
  bool probes_ = false;  // then, instead of giving up what is on its way
  Bytes measured_;       // when that is acknowledged, a round trip is over (0: none is measured)
  sc_time measured_from_;
};

}  // namespace copypath
