// Laws of a stream that a peer sends: it begins with its initial window and doubles it in every
// round trip, a loss halves it, and it grows by a segment per round trip then; the last segment is
// sent again by a probe, at the edge of its timer; after a timeout one segment asks.
#include "models/workload/peer_stream.h"

#include <gtest/gtest.h>

namespace copypath {
namespace {

constexpr std::uint64_t kSegment = 1448;
const sc_time kRtt = milliseconds(1);
const sc_time kPicosecond = sc_time::from_value(1);
constexpr Bytes kPlenty{1'000'000'000};

class PeerStreamTest : public ::testing::Test {
protected:
  PeerStreamTest() {
    config_.socket.rtt = kRtt;
    config_.socket.receive_buffer = kMiB * 6;
  }

  PeerStream build(unsigned initial_window, std::uint64_t packet = 40) {
    config_.socket.initial_window = initial_window;
    return {config_, Bytes(packet * kSegment)};
  }
  /// Sends all that the windows let go; how many bytes.
  std::uint64_t burst(PeerStream& stream) {
    const Bytes before = stream.sent();
    for (auto next = stream.next(kPlenty); !next.empty(); next = stream.next(kPlenty)) {
      stream.send(next, now_);
    }
    return (stream.sent() - before).count();
  }
  void acknowledge(PeerStream& stream, std::uint64_t sequence, Sack sack = {}) {
    Packet packet;
    packet.kind = Packet::Kind::kAcknowledgement;
    packet.sequence = sequence;
    packet.offers = config_.socket.receive_buffer;
    packet.sack = sack;
    stream.take_acknowledgement(packet, now_);
  }
  static Sack block(std::uint64_t begin, std::uint64_t end) {
    Sack sack{};
    sack.blocks[sack.count++] = {begin * kSegment, end * kSegment};
    return sack;
  }

  Config config_;
  sc_time now_;
};

TEST_F(PeerStreamTest, OnAConnectionInUseItSendsWhatTheReceiverTakes) {
  PeerStream stream = build(0);
  const std::uint64_t sent = burst(stream);
  EXPECT_LE(sent, config_.socket.receive_buffer.count());
  EXPECT_GT(sent + 40 * kSegment, config_.socket.receive_buffer.count()) << "but for a packet";
}

TEST_F(PeerStreamTest, SlowStartDoublesWhatIsOnItsWay) {
  PeerStream stream = build(10, 1);
  for (std::uint64_t window = 10; window < 1000; window *= 2) {
    EXPECT_EQ(burst(stream), window * kSegment);
    now_ += kRtt;
    acknowledge(stream, stream.sent().count());
  }
}

TEST_F(PeerStreamTest, APacketIsAtMostHalfOfWhatMayBeOnItsWay) {
  PeerStream stream = build(10);
  EXPECT_EQ(stream.next(kPlenty).end, 5 * kSegment);
  EXPECT_EQ(stream.next(Bytes(100)).end, 100U) << "or what there is";
  PeerStream open = build(0);
  EXPECT_EQ(open.next(kPlenty).end, 40 * kSegment);
}

TEST_F(PeerStreamTest, ALossHalvesItAndItGrowsByASegmentPerRoundTrip) {
  PeerStream stream = build(100, 1);
  stream.expect_losses(now_);
  EXPECT_EQ(burst(stream), 100 * kSegment);
  now_ += kRtt;
  acknowledge(stream, 0, block(1, 100));
  EXPECT_EQ(stream.window(), Bytes(50 * kSegment));
  EXPECT_EQ(stream.next(kPlenty).begin, 0U) << "what was lost";
  EXPECT_EQ(stream.next(kPlenty).end, kSegment);
  stream.send(stream.next(kPlenty), now_);
  EXPECT_TRUE(stream.next(kPlenty).empty()) << "no more than has arrived";
  now_ += kRtt;
  acknowledge(stream, 100 * kSegment);
  for (std::uint64_t window = 50; window < 60; ++window) {
    EXPECT_EQ(burst(stream), window * kSegment);
    now_ += kRtt;
    acknowledge(stream, stream.sent().count());
  }
}

TEST_F(PeerStreamTest, AProbeSendsTheLastSegmentAtTheEdgeOfItsTimer) {
  PeerStream stream = build(10);
  stream.expect_losses(now_);
  burst(stream);
  const sc_time expiry = kRtt * 2 + milliseconds(2);
  EXPECT_EQ(stream.check_timer(now_), expiry);
  EXPECT_EQ(stream.check_timer(expiry - kPicosecond), expiry);
  EXPECT_TRUE(stream.next(kPlenty).empty());
  now_ = expiry;
  stream.check_timer(now_);
  EXPECT_EQ(stream.next(kPlenty).begin, 9 * kSegment);
  EXPECT_EQ(stream.next(kPlenty).end, 10 * kSegment);
  stream.send(stream.next(kPlenty), now_);
  EXPECT_TRUE(stream.next(kPlenty).empty()) << "once";
  now_ += kRtt;
  acknowledge(stream, 0, block(9, 10));  // all but the probe was lost
  EXPECT_EQ(stream.next(kPlenty).begin, 0U);
}

TEST_F(PeerStreamTest, AfterATimeoutASegmentAsksAndTheWindowBeginsAgain) {
  PeerStream stream = build(64);
  stream.expect_losses(now_);
  burst(stream);
  now_ = stream.check_timer(now_);
  stream.check_timer(now_);  // the probe
  stream.send(stream.next(kPlenty), now_);
  const sc_time expiry = stream.check_timer(now_);
  EXPECT_EQ(expiry, now_ + kRtt + LossRecovery::kLeastTimeout);
  EXPECT_EQ(stream.check_timer(expiry - kPicosecond), expiry);
  EXPECT_TRUE(stream.next(kPlenty).empty());
  now_ = expiry;
  stream.check_timer(now_);
  EXPECT_EQ(stream.window(), Bytes(kSegment));
  EXPECT_EQ(stream.next(kPlenty).begin, 0U);
  stream.send(stream.next(kPlenty), now_);
  EXPECT_TRUE(stream.next(kPlenty).empty()) << "nobody has answered";
  now_ += kRtt;
  acknowledge(stream, 64 * kSegment);
  EXPECT_EQ(stream.window(), Bytes(32 * kSegment)) << "slow start ends at half of what there was";
  EXPECT_TRUE(stream.idle());
}

TEST_F(PeerStreamTest, WithoutLossesNoTimerRuns) {
  PeerStream stream = build(10);
  burst(stream);
  EXPECT_EQ(stream.check_timer(milliseconds(100'000)), sc_core::sc_max_time());
  EXPECT_TRUE(stream.next(kPlenty).empty());
}

}  // namespace
}  // namespace copypath
