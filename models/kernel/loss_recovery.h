// What a TCP sender concludes from acknowledgements about what has been lost, and how long it waits
// for them. Simplified from RFC 6675 and tcp_input.c, tcp_timer.c of net/ipv4 (Linux 6.x):
//   - A gap is lost when more than two segments beyond it have been acknowledged selectively; it is
//     sent again once, segment by segment.
//   - When nothing has been acknowledged for the retransmission timeout (RFC 6298, at least 200 ms;
//     it doubles each time), all that is not acknowledged is lost: its first segment is sent again
//     at once, and the rest as soon as any acknowledgement says that the peer is there.
// What is lost a second time therefore waits for the timeout. Left out: congestion control (the
// window stays what it is), RACK and tail loss probes, undoing, FACK, D-SACK.
#pragma once

#include <map>

#include "models/nic/wire.h"

namespace copypath {

class LossRecovery {
public:
  /// Bytes [begin, end) of the stream.
  struct Stretch {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool empty() const { return begin == end; }
  };

  static const sc_time kLeastTimeout;  ///< TCP_RTO_MIN
  static const sc_time kMostTimeout;   ///< TCP_RTO_MAX

  /// `rtt`: of the handshake.
  LossRecovery(Bytes segment, sc_time rtt);

  /// The peer has all before `sequence`, and these. Returns whether that is news.
  bool acknowledge(std::uint64_t sequence, const Sack& sack);
  /// Nothing has come for timeout(); bytes before `sent` have been sent.
  void time_out(std::uint64_t sent);

  /// What has to be sent again now, at most a segment; empty if nothing.
  Stretch next() const;
  /// Everything lost before `end` has been sent again.
  void sent_again(std::uint64_t end) { resent_ = end; }
  std::uint64_t resent() const { return resent_; }

  /// A packet that was sent once has been acknowledged after `rtt` (RFC 6298).
  void measure(sc_time rtt);
  sc_time timeout() const;

private:
  std::uint64_t received_beyond(std::uint64_t sequence) const;

  std::uint64_t segment_;
  std::uint64_t acknowledged_ = 0;
  std::map<std::uint64_t, std::uint64_t> received_;  // beyond a gap: begin, end; apart
  std::uint64_t resent_ = 0;
  std::uint64_t lost_before_ = 0;  // since the last timeout
  bool probing_ = false;           // nothing has come since
  unsigned timeouts_ = 0;          // in a row
  sc_time smoothed_;
  sc_time variation_;
};

}  // namespace copypath
