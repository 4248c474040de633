// Laws of a machine with two nodes: memory lies where its placement says, what crosses holds the
// fabric and the DRAM, directions are independent, and the crossings of the published layouts are
// 4, 1, 1 and 0 per byte.
#include "models/memory/numa.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "testbench/tests/apart.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/numa_layouts.h"
#include "testbench/tests/oracle.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

// ---- Placement.

TEST(NumaPlacement, MemoryLiesWhereItsPlacementSays) {
  NumaConfig config;
  config.nodes = 2;
  config.server_node = 1;
  config.nic_node = 1;
  const auto node = [&](Placement placement, Agent agent, Place place) {
    config.page_cache = placement;
    config.memory = Placement::kNode0;
    const NodeBytes bytes = NumaPlacement(config).split(agent, place, nullptr, Bytes(100));
    EXPECT_EQ(bytes[0] + bytes[1], 100U);
    return bytes[1] == 100 ? 1 : 0;
  };
  EXPECT_EQ(node(Placement::kServer, Agent::kDisk, Place::kPageCache), 1);
  EXPECT_EQ(node(Placement::kDisk, Agent::kDisk, Place::kPageCache), 0);
  EXPECT_EQ(node(Placement::kNic, Agent::kDisk, Place::kPageCache), 1);
  EXPECT_EQ(node(Placement::kNode0, Agent::kDisk, Place::kPageCache), 0);
  EXPECT_EQ(node(Placement::kNode1, Agent::kDisk, Place::kPageCache), 1);
  EXPECT_EQ(node(Placement::kNode1, Agent::kCore, Place::kUserBuffer), 0);
  EXPECT_EQ(node(Placement::kNode1, Agent::kCore, Place::kSocketBuffer), 0);
  // Whose queue it is, decides.
  EXPECT_EQ(node(Placement::kNode1, Agent::kDisk, Place::kQueues), 0);
  EXPECT_EQ(node(Placement::kNode0, Agent::kNic, Place::kQueues), 1);
}

TEST(NumaPlacement, InterleavedPagesLieHalfOnEachNode) {
  NumaConfig config;
  config.page_cache = Placement::kInterleave;
  const NumaPlacement placement(config);
  const SegmentList list{{address_of(2) + 96, 3 * 4096}};  // 4000 of page 2, 3, 4, 96 of page 5
  EXPECT_EQ(placement.split(Agent::kCore, Place::kPageCache, &list, Bytes(3 * 4096)),
            (NodeBytes{4000 + 4096, 4096 + 96}));
  EXPECT_EQ(placement.split(Agent::kCore, Place::kPageCache, &list, Bytes(4100)),
            (NodeBytes{4000, 100}));
}

// ---- Two buses and a fabric.

constexpr Rate kUnlimited{1e12};

/// A disk on node 0, a NIC and cores on node 1; DRAM of 64 GB/s each, a fabric of 16 GB/s.
class NumaBusTest : public SimulationTest, public ::testing::WithParamInterface<Timing> {
protected:
  MemoryBench& build(unsigned masters) {
    Config config;
    config.timing = GetParam();
    config.memory.bandwidth = Rate(64e9);
    config.memory.efficiency = 1;
    config.memory.latency = nanoseconds(90);
    config.numa.nodes = 2;
    config.numa.fabric_bandwidth = Rate(16e9);
    config.numa.fabric_latency = nanoseconds(50);
    config.numa.server_node = config.numa.nic_node = 1;
    config.numa.page_cache = Placement::kNode1;
    config.numa.memory = Placement::kNode0;
    bench_ = std::make_unique<MemoryBench>("bench", config, masters);
    return *bench_;
  }
  SegmentList allocate() { return {{address_of(bench_->memory.allocate_adjacent(2)), 6400}}; }
  static Content content() {
    Content content;
    content.append({7, 0, 0, 6400});
    return content;
  }

private:
  std::unique_ptr<MemoryBench> bench_;
};

INSTANTIATE_TEST_SUITE_P(Timings, NumaBusTest, ::testing::ValuesIn(kTimings), kNameOfParameter);

TEST_P(NumaBusTest, ATransferThatCrossesTakesTheSlowerOfDramAndFabric) {
  MemoryBench& bench = build(1);
  const SegmentList pages = allocate();
  const Process& disk = spawn("disk", [&] {
    EXPECT_EQ(bench.ports[0].dma_write(Movement::kDiskRead, content(), pages, kUnlimited),
              nanoseconds(140));
  });
  run_to_edge(disk, nanoseconds(400));  // 6400 bytes at 16 GB/s
  const Ledger::Account& account = bench.ledger.account(Movement::kDiskRead);
  EXPECT_EQ(account.dram_written, 6400U);
  EXPECT_EQ(account.fabric_bytes, 6400U);
  EXPECT_EQ(bench.ledger.numa().dram, (NodeBytes{0, 6400}));
  EXPECT_EQ(bench.ledger.numa().fabric, (NodeBytes{6400, 0}));
}

TEST_P(NumaBusTest, WhatCrossesCountsWhenItHas) {
  MemoryBench& bench = build(1);
  const SegmentList pages = allocate();
  const auto crossed = [&] { return bench.ledger.numa().fabric; };
  const Process& disk = spawn("disk", [&] {
    bench.ports[0].dma_write(Movement::kDiskRead, content(), pages, kUnlimited);
    EXPECT_EQ(crossed(), (NodeBytes{6400, 0}));
  });
  spawn_at(nanoseconds(400) - sc_core::sc_time(1, sc_core::SC_PS), "look", [&] {
    EXPECT_EQ(crossed(), (NodeBytes{0, 0}));
  });
  run_to_edge(disk, nanoseconds(400));
}

TEST_P(NumaBusTest, ATransferThatStaysTakesTheDramAlone) {
  MemoryBench& bench = build(1);
  const SegmentList pages = allocate();
  const Process& nic = spawn("nic", [&] {
    Content to;
    EXPECT_EQ(bench.ports[0].dma_read(Movement::kTransmitPage, pages, to, kUnlimited),
              nanoseconds(90));
  });
  run_to_edge(nic, nanoseconds(100));
  EXPECT_EQ(bench.ledger.account(Movement::kTransmitPage).fabric_bytes, 0U);
}

// From pages on its own node to memory on the other: half of a copy crosses.
TEST_P(NumaBusTest, EachEndOfACopyCrossesByItself) {
  MemoryBench& bench = build(1);
  const SegmentList from = allocate();
  const SegmentList to = allocate();
  const Process& core =
      spawn("core", [&] { bench.ports[0].copy(Movement::kCopyToUser, from, to, Rate(8e9)); });
  run_to_edge(core, nanoseconds(800));  // its own pace
  EXPECT_EQ(bench.ledger.numa().dram, (NodeBytes{6400, 6400}));
  EXPECT_EQ(bench.ledger.numa().fabric, (NodeBytes{0, 6400}));
}

TEST_P(NumaBusTest, TransfersInOneDirectionShareTheFabric) {
  MemoryBench& bench = build(2);
  const SegmentList first = allocate();
  const SegmentList second = allocate();
  std::vector<const Process*> disks;
  for (unsigned i = 0; i < 2; ++i) {
    disks.push_back(&spawn("disk", [&bench, &first, &second, i] {
      bench.ports[i].dma_write(Movement::kDiskRead, content(), i == 0 ? first : second, kUnlimited);
    }));
  }
  run();
  EXPECT_EQ(std::max(disks[0]->finish, disks[1]->finish), nanoseconds(800));
  EXPECT_GE(std::min(disks[0]->finish, disks[1]->finish), nanoseconds(784)) << "but for a burst";
}

TEST_P(NumaBusTest, OppositeDirectionsAreIndependent) {
  MemoryBench& bench = build(2);
  const SegmentList pages = allocate();
  const SegmentList buffer = allocate();
  const Process& disk = spawn(
      "disk", [&] { bench.ports[0].dma_write(Movement::kDiskRead, content(), pages, kUnlimited); });
  const Process& nic = spawn(
      "nic", [&] { bench.ports[1].dma_write(Movement::kReceive, content(), buffer, kUnlimited); });
  run_to_edge(disk, nanoseconds(400));
  EXPECT_EQ(nic.finish, nanoseconds(400));
}

// ---- Whole machines.

Config machine(const NumaLayout& layout) {
  Config config = layout.machine();
  config.workload.file_size = Bytes(2'000'000);
  config.workload.clients = 4;
  return config;
}

TEST(NumaMachine, CrossingsAreThePublishedOnes) {
  for (const NumaLayout& layout : kNumaLayouts) {
    const Result result = simulate_apart(machine(layout), "ktls_sendfile");
    EXPECT_EQ(*result.value("fabric_crossings_per_byte"), layout.crossings) << layout.name;
    EXPECT_EQ(*result.value("bus_crossings_per_byte"), 4) << layout.name;
    EXPECT_EQ(*result.value("dram_crossings_per_byte"), 4) << layout.name;
    EXPECT_TRUE(result.delivered_ok);
  }
}

// With all memory on the other node, whatever is asked of memory crosses; half of it when it is
// interleaved.
TEST(NumaMachine, WithAllMemoryRemoteEveryCrossingOfMemoryIsOneOfTheFabric) {
  for (const auto& [path, result] : simulate_apart(machine(kWorst))) {
    EXPECT_EQ(metric_of(result, "fabric_bytes"), metric_of(result, "bus_bytes")) << path;
  }
  NumaLayout interleaved = kWorst;
  interleaved.memory = Placement::kInterleave;
  const Result result = simulate_apart(machine(interleaved), "sendfile");
  EXPECT_NEAR(*result.value("fabric_crossings_per_byte"), 1, 0.01);
}

TEST(NumaMachine, WriteAllocateCrossesOnceMoreForARemoteStore) {
  Config config = machine(kWorst);
  config.memory.write_allocate = true;
  const Result result = simulate_apart(config, "ktls_sendfile");
  EXPECT_EQ(*result.value("fabric_crossings_per_byte"), 5);
}

TEST(NumaMachine, TwoNodesOfWhichOneIsUsedAreTheMachineOfOne) {
  Config config = machine(kStrictDiskSiloed);
  config.memory.bandwidth = Rate(8e9);
  expect_the_machine_of_one(config, 0);
}

// A machine on which nothing but the fabric is scarce.
Config fabric_bound() {
  Config config = machine(kWorst);
  config.workload.clients = 16;
  config.workload.file_size = Bytes(10'000'000);
  config.cpu.cores = 16;
  config.cpu.crypto_rate = config.cpu.copy_rate = Rate(50e9);
  config.page_cache.readahead = kMiB;
  config.memory.bandwidth = Rate(1000e9);
  config.disk.bandwidth = Rate(50e9);
  config.disk.latency = microseconds(10);
  config.nic.rate = Rate::bits(400e9);
  config.pcie.disk = config.pcie.nic = {5, 16};
  config.nic.fifo = kMiB;
  config.socket.send_buffer = kMiB * 4;
  config.numa.fabric_bandwidth = Rate(5e9);
  return config;
}

// In the worst layout, two of the four crossings go in each direction: pages and records are
// written to node 1 by the disk and by a core, and read from there by a core and by the NIC.
TEST(NumaMachine, FabricBoundIsBandwidthOverCrossingsOfADirection) {
  const Result result = simulate_apart(fabric_bound(), "ktls_sendfile");
  EXPECT_NEAR(*result.value("throughput_Bps"), 5e9 / 2, 0.02 * 2.5e9);
  EXPECT_EQ(result.bottleneck, "fabric");
  EXPECT_LE(*result.value("fabric_utilisation"), 1) << "what has crossed, not what has begun to";
}

TEST(NumaMachine, BothTimingsAgree) {
  Config config = fabric_bound();
  for (const char* const path : {"read_write", "sendfile"}) {
    config.timing = Timing::kFluid;
    const Result fluid = simulate_apart(config, path);
    config.timing = Timing::kBurst;
    const Result burst = simulate_apart(config, path);
    EXPECT_NEAR(*burst.value("elapsed_s"), *fluid.value("elapsed_s"),
                0.02 * *fluid.value("elapsed_s"))
        << path;
    EXPECT_EQ(*burst.value("fabric_bytes"), *fluid.value("fabric_bytes"));
  }
}

// A record lies in a page of one node, its framing half in each on the average: no part of what
// crosses may be more than the whole.
TEST(NumaTraffic, OfSmallRecordsIsNoMoreThanTheyHave) {
  Config config;
  config.numa.nodes = 2;
  config.numa.memory = Placement::kInterleave;
  config.workload.clients = 2;
  config.workload.file_size = Bytes(1000);
  const Result result = simulate_apart(config, "ktls_sendfile");
  EXPECT_GE(*result.value("fabric_bytes"), 0);
  EXPECT_LE(*result.value("fabric_bytes"), 4 * *result.value("bus_bytes"));
}

}  // namespace
}  // namespace copypath
