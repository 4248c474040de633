// What a TCP sender concludes from acknowledgements about what has been lost, and how long it waits
// for them. Simplified from RFC 6675, RFC 8985 (RACK-TLP) and tcp_input.c, tcp_recovery.c,
// tcp_timer.c of net/ipv4 (Linux 6.x), for a way that keeps the order:
//   - A gap is lost when more than two segments beyond it have been acknowledged selectively, or
//     any at all while the sender is recovering already. It is sent again, segment by segment.
//   - What was sent again is lost again when something that was sent after it has arrived; so is
//     everything older (RACK).
//   - When nothing comes for two round trips, the last segment is sent again, once, to find out
//     (tail loss probe).
//   - When nothing has been acknowledged for the retransmission timeout (RFC 6298, at least 200 ms;
//     it doubles each time), all that is not acknowledged is lost: its first segment is sent again
//     at once, and the rest as soon as any acknowledgement says that the peer is there.
// Left out: congestion control (the window stays what it is), reordering, undoing, F-RTO, D-SACK.
#pragma once

#include <map>

#include "models/nic/wire.h"
#include "models/small_queue.h"

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
  static const sc_time kLeastProbe;    ///< TCP_TIMEOUT_MIN, two ticks of 1 ms

  /// `rtt`: of the handshake.
  LossRecovery(Bytes segment, sc_time rtt);

  /// The peer has all before `sequence`, and these. Returns whether that is news.
  bool acknowledge(std::uint64_t sequence, const Sack& sack);
  /// Nothing has come for timeout(); bytes before `sent` have been sent.
  void time_out(std::uint64_t sent);
  /// Nothing has come for probe_timeout().
  void probe(std::uint64_t sent);
  /// Whether that is still to be waited for: not where something is known to be missing, nor twice.
  bool may_probe() const { return received_.empty() && again_.empty() && !probed_ && !probing_; }

  /// Whether what next() says is a probe.
  bool probe_due() const { return !probe_.empty(); }
  /// What has to be sent again now, at most a segment; empty if nothing.
  Stretch next() const;
  /// That has been sent again, when all before `sent` had been sent for the first time.
  void sent_again(const Stretch& stretch, std::uint64_t sent);
  /// Whether the peer has said that it has this byte.
  bool is_there(std::uint64_t byte) const;
  /// Bytes on their way of the `sent` ones (pipe of RFC 6675): neither there nor lost. What is
  /// older than something that is there is lost, or on its way again.
  Bytes in_flight(std::uint64_t sent) const;
  /// How many bytes the peer has said that it has.
  std::uint64_t delivered() const;
  /// Nothing from there on was ever sent again.
  std::uint64_t resent() const { return resent_; }

  /// A packet that was sent once has been acknowledged after `rtt` (RFC 6298).
  void measure(sc_time rtt);
  sc_time timeout() const;
  /// `single`: only one segment is on its way, so that the peer may delay its acknowledgement.
  sc_time probe_timeout(bool single) const;

private:
  /// Sent again, and not known to be there.
  struct Again {
    Stretch stretch;
    std::uint64_t sent;    ///< for the first time, by then
    std::uint64_t number;  ///< in the order of sending
  };
  using AgainByPlace = std::multimap<std::uint64_t, Again>;

  bool enough_beyond(std::uint64_t sequence) const;
  void note_arrived(std::uint64_t begin, std::uint64_t end);
  void judge();
  void forget_oldest();
  const Again* on_its_way(std::uint64_t byte) const;

  std::uint64_t segment_;
  std::uint64_t acknowledged_ = 0;
  std::map<std::uint64_t, std::uint64_t> received_;  // beyond a gap: begin, end; apart
  std::uint64_t received_bytes_ = 0;                 // of them
  std::uint64_t highest_ = 0;                        // byte that is there, and one
  SmallQueue<Again> again_;                          // in the order of sending
  AgainByPlace by_place_;                            // the same, by where they begin
  std::uint64_t again_bytes_ = 0;                    // of them
  std::uint64_t sent_again_ = 0;                     // how many there ever were
  std::uint64_t arrived_ = 0;      // none before that one is on its way any more, by its number
  std::uint64_t looked_ = 0;       // all that is lost before that is on its way again
  std::uint64_t resent_ = 0;       // what has ever been sent again ends there
  std::uint64_t recovers_to_ = 0;  // when that is acknowledged, it has recovered
  std::uint64_t lost_before_ = 0;  // what is missing there
  Stretch probe_;                  // to be sent
  bool probed_ = false;
  bool probing_ = false;   // nothing has come since the last timeout
  unsigned timeouts_ = 0;  // in a row
  sc_time smoothed_;
  sc_time variation_;
};

}  // namespace copypath
