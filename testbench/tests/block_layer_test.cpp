// Laws of the block layer: a queue of n entries holds n - 1 commands, the others wait in front of
// it in order; each request is told once, when its pages have been filled.
#include "models/kernel/block_layer.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

struct Request : BlockRequest {
  void finished() override {
    ++times;
    finish = sc_core::sc_time_stamp();
  }
  int times = 0;
  sc_time finish;
};

class BlockLayerTest : public KernelTest {
protected:
  BlockLayerTest() {
    config_.cpu.interrupt = sc_core::SC_ZERO_TIME;
    config_.disk.channels = 64;
  }

  /// Requests one page each, all at time zero; returns when they were finished.
  std::vector<sc_time> read(unsigned requests) {
    std::vector<Request> all(requests);
    KernelBench& machine = bench();
    spawn("reader", [&] {
      for (std::uint64_t i = 0; i < all.size(); ++i) {
        machine.kernel.block.read(0, i * 4096,
                                  {{address_of(machine.memory.memory.allocate()), 4096}}, all[i]);
      }
    });
    run();
    std::vector<sc_time> times;
    for (const Request& request : all) {
      EXPECT_EQ(request.times, 1);
      times.push_back(request.finish);
    }
    return times;
  }
};

TEST_F(BlockLayerTest, QueueHoldsOneLessThanItsEntries) {
  config_.disk.queue_depth = 4;
  const std::vector<sc_time> times = read(7);
  const sc_time latency = config_.disk.latency;
  for (int i = 0; i < 3; ++i) EXPECT_LT(times[i], latency + microseconds(3)) << i;
  for (int i = 3; i < 6; ++i) {  // each goes in when one has come out
    EXPECT_GT(times[i], latency * 2) << i;
    EXPECT_LT(times[i], latency * 2 + microseconds(6)) << i;
  }
  EXPECT_GT(times[6], latency * 3);
}

TEST_F(BlockLayerTest, DeepQueueOverlapsEverything) {
  for (const sc_time& time : read(50)) {
    EXPECT_LT(time, config_.disk.latency + microseconds(50));
  }
}

TEST_F(BlockLayerTest, QueueOfTwoEntriesDoesOneAtATime) {
  config_.disk.queue_depth = 2;
  const std::vector<sc_time> times = read(5);
  for (std::size_t i = 1; i < times.size(); ++i) {
    EXPECT_GT(times[i] - times[i - 1], config_.disk.latency);
  }
}

TEST_F(BlockLayerTest, CountsWhatFindsTheQueueFull) {
  config_.disk.queue_depth = 4;
  read(7);
  EXPECT_EQ(bench().kernel.block.queue_full_waits(), 4U);
}

// ---- Several drives.

TEST_F(BlockLayerTest, StripesGoRoundTheDrives) {
  config_.disk.count = 3;
  config_.disk.stripe = Bytes(8192);
  const Layout layout(config_.disk, Bytes(100'000));
  const auto at = [&](std::uint32_t file, std::uint64_t offset) {
    return layout.place(file, offset);
  };
  EXPECT_EQ(at(0, 0).drive, 0U);
  EXPECT_EQ(at(0, 8191).room, Bytes(1));
  EXPECT_EQ(at(0, 8192).drive, 1U);
  EXPECT_EQ(at(0, 8192).position, 0U);
  EXPECT_EQ(at(0, 3 * 8192 + 5).drive, 0U);
  EXPECT_EQ(at(0, 3 * 8192 + 5).position, 8192U + 5);
  // A file takes whole pages, and the next one begins behind it: 102400 = 12 stripes and a half.
  EXPECT_EQ(at(1, 0).drive, 0U);
  EXPECT_EQ(at(1, 0).position, 4 * 8192U + 4096);
}

TEST_F(BlockLayerTest, ARequestOverSeveralDrivesIsToldOnce) {
  config_.disk.count = 4;
  config_.disk.stripe = Bytes(8192);
  KernelBench& machine = bench();
  Request request;
  SegmentList pages;
  spawn("reader", [&] {
    for (int i = 0; i < 16; ++i) {
      pages.push_back({address_of(machine.memory.memory.allocate()), 4096});
    }
    machine.kernel.block.read(0, 4096, pages, request);
  });
  run();
  EXPECT_EQ(request.times, 1);
  EXPECT_FALSE(request.failed);
  EXPECT_EQ(machine.disk_commands(), 9U) << "half a stripe, seven whole ones, and another half";
  Content expected;
  machine.media.read(0, 4096, Bytes(16 * 4096), expected);
  EXPECT_TRUE(machine.media.holds(0, 4096, Bytes(16 * 4096), machine.memory.bus.inspect(pages)));
}

TEST_F(BlockLayerTest, SeveralDrivesOverlap) {
  config_.disk.count = 4;
  config_.disk.stripe = Bytes(4096);
  config_.disk.channels = 1;
  const std::vector<sc_time> times = read(8);
  for (int i = 0; i < 4; ++i) EXPECT_LT(times[i], config_.disk.latency + microseconds(5)) << i;
  for (int i = 4; i < 8; ++i) EXPECT_LT(times[i], config_.disk.latency * 2 + microseconds(8)) << i;
}

TEST_F(BlockLayerTest, AFailedPartFailsTheRequest) {
  config_.disk.count = 2;
  config_.disk.stripe = Bytes(4096);
  config_.faults.disk_error_rate = 1;
  KernelBench& machine = bench();
  Request request;
  spawn("reader", [&] {
    machine.kernel.block.read(0, 0,
                              {{address_of(machine.memory.memory.allocate()), 4096},
                               {address_of(machine.memory.memory.allocate()), 4096}},
                              request);
  });
  run();
  EXPECT_EQ(request.times, 1);
  EXPECT_TRUE(request.failed);
  EXPECT_EQ(machine.kernel.block.errors(), 2U);
}

}  // namespace
}  // namespace copypath
