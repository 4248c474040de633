// Laws of the mechanics: the mean seek is the published one, the platter's place follows from the
// time alone, reading on costs no turn, and coming back to the same sector costs a whole one.
#include "models/disk/platter.h"

#include <gtest/gtest.h>

#include <random>

#include "models/disk/command_order.h"

namespace copypath {
namespace {

DiskConfig ultrastar() {
  DiskConfig config;
  config.kind = DiskKind::kHdd;
  config.bandwidth = Rate(200e6);
  return config;
}

TEST(Platter, TurnsAtItsRate) {
  const Platter platter(ultrastar());
  EXPECT_NEAR(platter.turn().to_seconds(), 60.0 / 7200, 1e-12);
  EXPECT_NEAR(static_cast<double>(platter.track().count()), 200e6 * 60 / 7200, 1);
}

TEST(Platter, MeanSeekIsThePublishedOne) {
  const DiskConfig config = ultrastar();
  const Platter platter(config);
  std::mt19937_64 random(1);
  double total = 0;
  constexpr int kPairs = 200'000;
  for (int i = 0; i < kPairs; ++i) {
    total += platter.seek(random() % config.capacity.count(), random() % config.capacity.count())
                 .to_seconds();
  }
  EXPECT_NEAR(total / kPairs, config.seek.to_seconds(), 0.01 * config.seek.to_seconds());
}

TEST(Platter, SeekGrowsWithTheDistance) {
  const Platter platter(ultrastar());
  const std::uint64_t track = platter.track().count();
  EXPECT_EQ(platter.seek(10, track - 1), sc_core::SC_ZERO_TIME) << "the same track";
  EXPECT_GE(platter.seek(0, track), microseconds(500));
  EXPECT_LT(platter.seek(0, track), microseconds(520)) << "the next one";
  sc_time last;
  for (std::uint64_t tracks = 1; tracks < 2'000'000; tracks *= 3) {
    EXPECT_GT(platter.seek(0, tracks * track), last);
    EXPECT_EQ(platter.seek(0, tracks * track), platter.seek(tracks * track, 0));
    last = platter.seek(0, tracks * track);
  }
}

TEST(Platter, RotationFollowsFromTheTime) {
  const Platter platter(ultrastar());
  EXPECT_EQ(platter.rotation(0, sc_core::SC_ZERO_TIME), sc_core::SC_ZERO_TIME);
  EXPECT_EQ(platter.rotation(0, platter.turn()), sc_core::SC_ZERO_TIME);
  EXPECT_EQ(platter.rotation(0, microseconds(1)), platter.turn() - microseconds(1));
  const double half =
      platter.rotation(platter.track().count() / 2, sc_core::SC_ZERO_TIME) / platter.turn();
  EXPECT_NEAR(half, 0.5, 1e-6);
  double total = 0;
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const sc_time at = sc_time::from_value(random() % 1'000'000'000'000);
    total += platter.rotation(random() % 4'000'000'000'000, at).to_seconds();
  }
  EXPECT_NEAR(total / 100'000, 4.17e-3, 0.02e-3) << "half a turn on average (published: 4.17 ms)";
}

TEST(Platter, ReadingOnCostsNoTurn) {
  Platter platter(ultrastar());
  const Bytes bytes = kKiB * 128;
  sc_time now = platter.read(0, bytes, sc_core::SC_ZERO_TIME);
  EXPECT_EQ(now, bytes / Rate(200e6));
  for (std::uint64_t i = 1; i < 1000; ++i) {  // also across tracks
    now = platter.read(i * bytes.count(), bytes, now);
    ASSERT_EQ(now, (bytes / Rate(200e6)) * static_cast<double>(i + 1)) << i;
  }
}

TEST(Platter, ALateReaderFindsItInTheBuffer) {
  Platter platter(ultrastar());
  const Bytes bytes = kKiB * 128;
  sc_time now = platter.read(0, bytes, sc_core::SC_ZERO_TIME);
  now += milliseconds(20);  // 4 MB have passed, 64 MB fit
  for (std::uint64_t i = 1; i <= 30; ++i) EXPECT_EQ(platter.read(i * 131072, bytes, now), now) << i;
  EXPECT_GT(platter.read(31 * 131072, bytes, now), now) << "that has not passed yet";
}

TEST(Platter, AFullBufferStopsTheHead) {
  DiskConfig config = ultrastar();
  config.buffer = kKiB * 512;
  Platter platter(config);
  const Bytes bytes = kKiB * 128;
  platter.read(0, bytes, sc_core::SC_ZERO_TIME);
  const sc_time late = milliseconds(100);
  for (std::uint64_t i = 1; i <= 4; ++i) EXPECT_EQ(platter.read(i * 131072, bytes, late), late);
  const sc_time next = platter.read(5 * 131072, bytes, late);
  EXPECT_EQ(next, late + platter.rotation(5 * 131072, late) + bytes / Rate(200e6))
      << "the head has to wait for what comes behind";
}

TEST(Platter, TheSameSectorAgainIsAWholeTurn) {
  Platter platter(ultrastar());
  const sc_time first = platter.read(0, kPageSize, sc_core::SC_ZERO_TIME);
  EXPECT_EQ(platter.read(0, kPageSize, first), first + platter.turn());
}

TEST(Platter, WritesOnWithoutATurnOnlyAtOnce) {
  Platter platter(ultrastar());
  const sc_time first = platter.write(0, kPageSize, sc_core::SC_ZERO_TIME);
  const sc_time second = platter.write(4096, kPageSize, first);
  EXPECT_EQ(second, first * 2.0);
  const sc_time late = second + microseconds(10);
  EXPECT_NEAR((platter.write(8192, kPageSize, late) - second).to_seconds(),
              (platter.turn() + first).to_seconds(), 1e-9);
}

std::vector<DiskCommand> commands_at(const std::vector<std::uint64_t>& positions) {
  std::vector<DiskCommand> commands;
  for (const std::uint64_t position : positions) {
    commands.emplace_back();
    commands.back().position = position;
  }
  return commands;
}

TEST(CommandOrder, ElevatorGoesUpAndBeginsAgain) {
  const std::vector<DiskCommand> waiting = commands_at({50, 10, 30, 90});
  EXPECT_EQ(next_command(waiting, 20, DiskOrder::kElevator), 2U);
  EXPECT_EQ(next_command(waiting, 30, DiskOrder::kElevator), 2U) << "where the head is";
  EXPECT_EQ(next_command(waiting, 60, DiskOrder::kElevator), 3U);
  EXPECT_EQ(next_command(waiting, 91, DiskOrder::kElevator), 1U) << "from the beginning";
  EXPECT_EQ(next_command(waiting, 20, DiskOrder::kFifo), 0U);
}

}  // namespace
}  // namespace copypath
