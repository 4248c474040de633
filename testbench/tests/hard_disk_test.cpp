// Laws of a hard disk: a random read costs a seek, half a turn and its bytes; a sequential reader
// gets the rate of the platter, even one command at a time; an arm that may choose its way serves
// more; writes are acknowledged from the buffer, and no faster than the platter takes them for
// long.
#include "models/disk/hard_disk.h"

#include "testbench/tests/drive_bench.h"

namespace copypath {
namespace {

class HardDiskTest : public DriveTest {
protected:
  HardDiskTest() {
    config_.kind = DiskKind::kHdd;
    config_.queue_depth = 32;
    config_.bandwidth = Rate(200e6);
    config_.capacity = Bytes(4'000'000'000'000);
    workload_.file_size = Bytes(100'000'000);
  }

  static constexpr std::uint64_t kWhole = 4'000'000'000'000;
};

TEST_F(HardDiskTest, OneReadTakesSeekRotationAndItsBytes) {
  build();
  const Platter platter(config_);
  const std::uint64_t position = 1'000'000'000'000 / 4096 * 4096;
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, allocate(1), Movement::kDiskRead, position);
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  const Bytes entries(32 + 64 + 16);
  const sc_time there = entries / link_.read(entries) + platter.seek(0, position);
  const sc_time cable = kPageSize / (Rate(600e6) * (8192.0 / 8208));
  run_to_edge(command, there + platter.rotation(position, there) + kPageSize / Rate(200e6) + cable +
                           Bytes(8) / link_.write(Bytes(8)));
}

TEST_F(HardDiskTest, SequentialReadsReachTheRateOfThePlatterOneAtATime) {
  EXPECT_NEAR(bytes_per_second({1, 32, 4000}), 200e6, 0.01 * 200e6);
}

TEST_F(HardDiskTest, SequentialReadsReachItWithManyInTheQueue) {
  EXPECT_NEAR(bytes_per_second({32, 32, 4000}), 200e6, 0.01 * 200e6);
}

TEST_F(HardDiskTest, FifoServesAsTheyCome) {
  config_.order = DiskOrder::kFifo;
  run_load({16, 1, 300, true, kWhole});
  ASSERT_EQ(driver_->completions.size(), 300U);
  for (std::size_t i = 0; i < driver_->completions.size(); ++i) {
    EXPECT_EQ(driver_->completions[i].command, i + 1);
  }
}

TEST_F(HardDiskTest, ElevatorSparesTheArm) {
  const double elevator = commands_per_second({32, 1, 2000, true, kWhole});
  const double alone = 1 / (config_.seek + Platter(config_).turn() / 2.0).to_seconds();
  EXPECT_GT(elevator, 1.5 * alone);
}

TEST_F(HardDiskTest, BusyIsTheTimeOfTheArm) {
  const sc_time end = run_load({1, 1, 100, true, kWhole});
  EXPECT_GT(drive_->busy() / end, 0.99) << "nearly all the time";
  EXPECT_LT(drive_->busy(), end);
}

TEST_F(HardDiskTest, WritesGoToTheBufferFirst) {
  config_.write_latency = microseconds(10);
  build();
  spawn("command", [&] {
    driver_->fill(0, 0, allocate(8), Movement::kDiskWrite, 2'000'000'000'000);
    driver_->ring();
    sc_core::wait(driver_->completed);
    EXPECT_LT(sc_core::sc_time_stamp(), microseconds(100)) << "the arm has not been there";
  });
  run();
}

// The second write finds the buffer full until the arm has brought the first one to its place.
TEST_F(HardDiskTest, AFullBufferWaitsForTheArmAndNoLonger) {
  config_.write_buffer = Bytes(8 * 4096);
  config_.write_latency = microseconds(10);
  build();
  const Platter platter(config_);
  const std::uint64_t position = 1'000'000'000'000 / 4096 * 4096;
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, allocate(8), Movement::kDiskWrite, position);
    driver_->fill(0, 0, allocate(8), Movement::kDiskWrite, 2 * position);
    driver_->ring();
    while (driver_->completions.size() < 2) sc_core::wait(driver_->completed);
  });
  const Bytes entries(32 + 64 + 8 * 16);
  const sc_time fetch = entries / link_.read(entries);
  const sc_time cable = kPageSize * 8 / (Rate(600e6) * (8192.0 / 8208));
  const sc_time moved = fetch + cable + platter.seek(0, position);
  const sc_time free = moved + platter.rotation(position, moved) + kPageSize * 8 / Rate(200e6);
  run_to_edge(command, free + cable + config_.write_latency + Bytes(8) / link_.write(Bytes(8)));
}

TEST_F(HardDiskTest, ManyWritesGoAtTheRateOfThePlatter) {
  config_.write_buffer = kMiB;
  EXPECT_NEAR(bytes_per_second({8, 32, 400, false, 0, Movement::kDiskWrite}), 200e6, 0.05 * 200e6);
}

}  // namespace
}  // namespace copypath
