// What a TCP sender concludes: the edges of RFC 6675's rule, one retransmission per loss and
// timeout, the timeout itself; and what a receiver keeps and reports beyond a gap.
#include "models/kernel/loss_recovery.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/workload/reassembly.h"

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
  state.sent_again(1000);
  expect_next(state, 1000, 2000);
  state.sent_again(2000);
  expect_next(state, 2000, 2500);  // as far as the gap goes
  state.sent_again(2500);
  EXPECT_TRUE(state.next().empty());
  state.acknowledge(0, blocks({{2500, 12'000}}));  // lost again, for all it knows: no third time
  EXPECT_TRUE(state.next().empty());
}

TEST(LossRecovery, EveryGapWithEnoughBeyondItIsSent) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(0, blocks({{8000, 10'000}, {1000, 2000}, {4000, 5000}}));
  expect_next(state, 0, 1000);
  state.sent_again(1000);
  expect_next(state, 2000, 3000);  // 3000 bytes beyond
  state.sent_again(3000);
  expect_next(state, 3000, 4000);
  state.sent_again(4000);
  EXPECT_TRUE(state.next().empty());  // only two segments beyond 5000
}

TEST(LossRecovery, AfterATimeoutOneSegmentAsksAndTheRestFollowsTheAnswer) {
  LossRecovery state(Bytes(kSegment), kRtt);
  state.acknowledge(1000, blocks({{3000, 4000}}));
  EXPECT_TRUE(state.next().empty());
  state.time_out(6500);
  expect_next(state, 1000, 2000);
  state.sent_again(2000);
  EXPECT_TRUE(state.next().empty());
  EXPECT_FALSE(state.acknowledge(1000, blocks({{3000, 4000}})));  // an old one
  EXPECT_TRUE(state.next().empty());
  EXPECT_TRUE(state.acknowledge(2000, blocks({{3000, 4000}})));
  for (const auto& [begin, end] :
       {std::pair{2000, 3000}, {4000, 5000}, {5000, 6000}, {6000, 6500}}) {
    expect_next(state, static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end));
    state.sent_again(static_cast<std::uint64_t>(end));
  }
  EXPECT_TRUE(state.next().empty());
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
  EXPECT_EQ(sack.blocks[1].begin, 20u);
  EXPECT_EQ(sack.blocks[2].begin, 60u);
}

}  // namespace
}  // namespace copypath
