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

}  // namespace
}  // namespace copypath
