// What a TCP sender concludes: the edges of RFC 6675's rule, one retransmission per loss and
// timeout, the timeout itself; and what a receiver keeps and reports beyond a gap.
#include "models/kernel/loss_recovery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "models/workload/reassembly.h"
#include "testbench/tests/naive_recovery.h"

namespace copypath {
namespace {

constexpr std::uint64_t kSegment = 1000;
const sc_time kRtt = milliseconds(1);

Sack blocks(std::initializer_list<Sack::Block> list) {
  Sack sack{};
  for (const Sack::Block& block : list) sack.blocks[sack.count++] = block;
  return sack;
}

void expect_next(const LossRecovery& state, std::uint64_t begin, std::uint64_t end) {
  EXPECT_EQ(state.next().begin, begin);
  EXPECT_EQ(state.next().end, end);
}

TEST(LossRecovery, AGapIsLostWhenMoreThanTwoSegmentsBeyondItAreThere) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(5000, {});
  EXPECT_TRUE(state.next().empty());
  state.acknowledge(5000, blocks({{6000, 8000}}));  // exactly two
  EXPECT_TRUE(state.next().empty());
  state.acknowledge(5000, blocks({{6000, 8001}}));
  expect_next(state, 5000, 6000);
}

TEST(LossRecovery, AGapIsSentOnceSegmentBySegment) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(0, blocks({{2500, 9000}}));
  expect_next(state, 0, 1000);
  state.sent_again({0, 1000}, 12'000);
  expect_next(state, 1000, 2000);
  state.sent_again({1000, 2000}, 12'000);
  expect_next(state, 2000, 2500);  // as far as the gap goes
  state.sent_again({2000, 2500}, 12'000);
  EXPECT_TRUE(state.next().empty());
}

// RACK: what was sent after them has arrived, and they have not.
TEST(LossRecovery, WhatIsSentAgainIsLostAgainWhenLaterBytesArrive) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(0, blocks({{2000, 9000}}));
  state.sent_again({0, 1000}, 9000);
  state.sent_again({1000, 2000}, 10'000);
  state.acknowledge(0, blocks({{2000, 9000}}));
  EXPECT_TRUE(state.next().empty()) << "all that was sent before";
  state.acknowledge(0, blocks({{2000, 9001}}));
  expect_next(state, 0, 1000);
  state.sent_again({0, 1000}, 12'000);
  EXPECT_TRUE(state.next().empty()) << "the other one was sent later";
  state.acknowledge(0, blocks({{1000, 10'000}}));
  EXPECT_TRUE(state.next().empty()) << "but before this one";
  state.acknowledge(0, blocks({{1000, 12'001}}));
  expect_next(state, 0, 1000);
}

TEST(LossRecovery, WhatIsNeitherThereNorLostIsInFlight) {
  LossRecovery state(Bytes(kSegment), kRtt);
  EXPECT_EQ(state.in_flight(9000), Bytes(9000));
  state.acknowledge(1000, blocks({{3000, 7000}}));
  EXPECT_EQ(state.in_flight(9000), Bytes(2000)) << "the gap is lost";
  state.sent_again({1000, 2000}, 9000);
  EXPECT_EQ(state.in_flight(9000), Bytes(3000));
  state.acknowledge(2000, blocks({{3000, 7000}}));
  EXPECT_EQ(state.in_flight(9000), Bytes(0)) << "all that was sent before it is lost";
  state.time_out(9000);
  EXPECT_EQ(state.in_flight(9000), Bytes(0));
}

TEST(LossRecovery, OneThatWasSentAgainOvertakesThoseBefore) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(0, blocks({{2000, 9000}}));
  state.sent_again({0, 1000}, 9000);
  state.sent_again({1000, 2000}, 9000);
  state.acknowledge(0, blocks({{1000, 9000}}));
  expect_next(state, 0, 1000);
}

TEST(LossRecovery, WhileItRecoversEveryGapIsLost) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(0, blocks({{8000, 10'000}, {1000, 2000}, {4000, 5000}}));
  expect_next(state, 0, 1000);
  state.sent_again({0, 1000}, 12'000);
  for (const std::uint64_t begin : {2000, 3000, 5000, 6000, 7000}) {
    expect_next(state, begin, begin + 1000);
    state.sent_again({begin, begin + 1000}, 12'000);
  }
  EXPECT_TRUE(state.next().empty());  // nothing beyond 10,000
  state.acknowledge(12'000, {});      // recovered
  state.acknowledge(12'000, blocks({{13'000, 15'000}}));
  EXPECT_TRUE(state.next().empty());
}

// RFC 8985, 7: the last segment, once; what comes back says what was lost before it.
TEST(LossRecovery, AProbeSendsTheLastSegmentOnce) {
  LossRecovery state(Bytes(kSegment), kRtt);
  EXPECT_EQ(state.probe_timeout(false), milliseconds(2 + 2));
  EXPECT_EQ(state.probe_timeout(true), milliseconds(2 + 200)) << "the peer may delay it";
  EXPECT_TRUE(state.may_probe());
  state.probe(5500);
  EXPECT_FALSE(state.may_probe());
  expect_next(state, 4500, 5500);
  state.sent_again({4500, 5500}, 5500);
  EXPECT_TRUE(state.next().empty());
  EXPECT_FALSE(state.may_probe());
  state.acknowledge(2000, blocks({{4500, 5500}}));
  for (const std::uint64_t begin : {2000, 3000}) {
    expect_next(state, begin, begin + 1000);
    state.sent_again({begin, begin + 1000}, 5500);
  }
  expect_next(state, 4000, 4500);
  state.sent_again({4000, 4500}, 5500);
  EXPECT_TRUE(state.next().empty());
  EXPECT_FALSE(state.may_probe()) << "not while it recovers";
  state.acknowledge(5500, {});
  EXPECT_TRUE(state.may_probe());
}

TEST(LossRecovery, AfterATimeoutOneSegmentAsksAndTheRestFollowsTheAnswer) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(1000, blocks({{3000, 4000}}));
  EXPECT_TRUE(state.next().empty());
  state.time_out(6500);
  expect_next(state, 1000, 2000);
  state.sent_again({1000, 2000}, 6500);
  EXPECT_TRUE(state.next().empty());
  EXPECT_FALSE(state.acknowledge(1000, blocks({{3000, 4000}})));  // an old one
  EXPECT_TRUE(state.next().empty());
  EXPECT_TRUE(state.acknowledge(2000, blocks({{3000, 4000}})));
  for (const auto& [begin, end] :
       {std::pair{2000, 3000}, {4000, 5000}, {5000, 6000}, {6000, 6500}}) {
    expect_next(state, static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end));
    state.sent_again({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)}, 6500);
  }
  EXPECT_TRUE(state.next().empty());
}

TEST(LossRecovery, TheFirstSegmentOfAStreamIsNoProbe) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.time_out(5000);
  expect_next(state, 0, 1000);
  state.sent_again({0, 1000}, 5000);
  EXPECT_TRUE(state.next().empty()) << "nobody has answered";
}

TEST(LossRecovery, TheTimeoutIsThatOfRfc6298WithLinuxsLeast) {
  LossRecovery state(Bytes(kSegment), kRtt);
  EXPECT_EQ(state.timeout(), milliseconds(201));  // 4 times the variation is less than 200 ms
  state.time_out(1);
  EXPECT_EQ(state.timeout(), milliseconds(402));
  state.time_out(1);
  EXPECT_EQ(state.timeout(), milliseconds(804));
  for (int i = 0; i < 20; ++i) state.time_out(1);
  EXPECT_EQ(state.timeout(), LossRecovery::kMostTimeout);
  state.acknowledge(1, {});
  EXPECT_EQ(state.timeout(), milliseconds(201));
  LossRecovery slow(Bytes(kSegment), milliseconds(1000));
  EXPECT_EQ(slow.timeout(), milliseconds(3000));  // variation: half of the first measurement
  for (int i = 0; i < 100; ++i) slow.measure(milliseconds(1000));
  EXPECT_EQ(slow.timeout(), milliseconds(1200));
}

/// What a receiver has that gets segments in the order of sending, and which of them it reports:
/// the one that came last, and two others.
struct Received {
  std::vector<bool> there;
  std::uint64_t sequence() const {
    return kSegment *
           static_cast<std::uint64_t>(std::find(there.begin(), there.end(), false) - there.begin());
  }
  Sack report(std::uint64_t last, std::mt19937& random) const {
    Sack sack{};
    for (std::uint64_t at = last; sack.count < 3; at = random() % there.size()) {
      std::uint64_t end = at;
      while (at > 0 && there[at] && there[at - 1]) --at;
      while (end < there.size() && there[end]) ++end;
      if (at == end) break;
      if (at * kSegment >= sequence()) sack.blocks[sack.count++] = {at * kSegment, end * kSegment};
      if (random() % 4 == 0) break;
    }
    return sack;
  }
};

TEST(LossRecovery, AgreesWithANaiveOneWhateverIsLost) {
  constexpr std::uint64_t kSegments = 300;
  unsigned again = 0;
  unsigned probes = 0;
  unsigned timeouts = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const unsigned lost_of_100 = 1 + seed % 4 * 12;
    LossRecovery state(Bytes(kSegment), kRtt);
    NaiveRecovery naive(kSegment, kSegments);
    Received receiver{std::vector<bool>(kSegments)};
    std::deque<std::uint64_t> on_the_way;
    std::uint64_t sent = 0;
    for (int step = 0; step < 2000; ++step) {
      const LossRecovery::Stretch next = state.next();
      ASSERT_EQ(next.empty() ? -1 : static_cast<long>(next.begin / kSegment), naive.next());
      ASSERT_EQ(state.delivered(), naive.delivered());
      if (random() % 2 == 0 && (!next.empty() || sent < kSegments)) {
        const std::uint64_t number = next.empty() ? sent++ : next.begin / kSegment;
        if (!next.empty()) {
          ASSERT_EQ(next.end, next.begin + kSegment);
          state.sent_again(next, sent * kSegment);
          naive.sent_again(number, sent * kSegment);
          ++again;
        }
        if (random() % 100 >= lost_of_100) on_the_way.push_back(number);
      } else if (!on_the_way.empty()) {
        const std::uint64_t number = on_the_way.front();
        on_the_way.pop_front();
        receiver.there[number] = true;
        const Sack sack = receiver.report(number, random);
        if (random() % 100 < lost_of_100) continue;  // the acknowledgement
        state.acknowledge(receiver.sequence(), sack);
        naive.acknowledge(receiver.sequence(), sack);
      } else if (next.empty() && receiver.sequence() < sent * kSegment) {
        if (state.may_probe()) {
          state.probe(sent * kSegment);
          const LossRecovery::Stretch last = state.next();
          ASSERT_EQ(last.begin, (sent - 1) * kSegment);
          state.sent_again(last, sent * kSegment);
          naive.probed(sent - 1, sent * kSegment);
          if (random() % 100 >= lost_of_100) on_the_way.push_back(sent - 1);
          ++probes;
        } else {
          state.time_out(sent * kSegment);
          naive.time_out(sent * kSegment);
          ++timeouts;
        }
      }
    }
  }
  EXPECT_GT(again, 1000U);
  EXPECT_GT(probes, 20U);
  EXPECT_GT(timeouts, 20U);
}

// Every other one of 200,000 segments is lost: what one acknowledgement costs may not grow with
// what is on its way again, or this does not end.
TEST(LossRecovery, CopesWithAHundredThousandSegmentsOnTheirWayAgain) {
  constexpr std::uint64_t kSegments = 200'000;
  LossRecovery state(Bytes(kSegment), kRtt);
  for (std::uint64_t i = 1; i < kSegments; i += 2) {
    state.acknowledge(0, blocks({{i * kSegment, (i + 1) * kSegment}}));
  }
  std::uint64_t again = 0;
  for (auto next = state.next(); !next.empty(); next = state.next(), ++again) {
    state.sent_again(next, kSegments * kSegment);
  }
  EXPECT_EQ(again, kSegments / 2);
  EXPECT_EQ(state.in_flight(kSegments * kSegment), Bytes(again * kSegment));
  for (std::uint64_t i = 0; i < kSegments; i += 2) {
    EXPECT_FALSE(state.is_there(i * kSegment));
    state.acknowledge((i + 2) * kSegment, {});
  }
  EXPECT_EQ(state.in_flight(kSegments * kSegment), Bytes(0));
  EXPECT_EQ(state.delivered(), kSegments * kSegment);
}

// ---- The receiver.

Content bytes_of(std::uint64_t offset, std::uint64_t n) {
  Content content;
  content.append({0, 0, offset, n});
  return content;
}

TEST(Reassembly, DeliversEveryByteOnceInOrderWhateverTheOrderOfArrival) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts{{0, 10}, {10, 5}, {12, 20},
                                                             {30, 1}, {31, 9}, {5, 20}};
  do {
    Reassembly reassembly;
    std::uint64_t next = 0;
    for (const auto& [begin, n] : parts) {
      Content ready;
      reassembly.take(next, begin, bytes_of(begin, n), ready);
      if (ready.size() == Bytes(0)) continue;
      ASSERT_EQ(ready.runs().size(), 1u);
      EXPECT_EQ(ready.runs()[0].offset, next);
      next += ready.size().count();
    }
    EXPECT_EQ(next, 40u);
    EXPECT_TRUE(reassembly.empty());
  } while (std::next_permutation(parts.begin(), parts.end()));
}

TEST(Reassembly, ReportsWhatCameLastFirstAndAtMostThreeBlocks) {
  Reassembly reassembly;
  Content ready;
  for (const std::uint64_t begin : {20, 40, 60, 80, 45}) {
    reassembly.take(0, begin, bytes_of(begin, 5), ready);
  }
  EXPECT_EQ(ready.size(), Bytes(0));
  const Sack sack = reassembly.sack();
  ASSERT_EQ(sack.count, 3u);
  EXPECT_EQ(sack.blocks[0].begin, 40u);
  EXPECT_EQ(sack.blocks[0].end, 50u);
  EXPECT_EQ(sack.blocks[1].begin, 80u) << "what the one before has said";
  EXPECT_EQ(sack.blocks[2].begin, 60u);
}

}  // namespace
}  // namespace copypath
