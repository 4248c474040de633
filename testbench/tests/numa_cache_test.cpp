// Laws of the caches of two nodes: what one holds crosses the fabric no more, what the other one
// holds crosses instead of coming from DRAM, a line is dirty in one of them at most, and of the
// crossings of the published layouts those remain that a cache cannot save.
#include <gtest/gtest.h>

#include <random>

#include "models/memory/cache.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/numa_layouts.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

constexpr Movement kLoad = Movement::kChecksumPage;
constexpr Movement kStore = Movement::kFileWrite;
constexpr Movement kDmaRead = Movement::kTransmitPage;
constexpr Movement kDmaWrite = Movement::kDiskRead;
constexpr std::uint64_t kPage = kPageSize.count();
constexpr Frame kOnNode1 = 1000;  ///< frames from there on

class NumaCacheTest : public ::testing::Test {
protected:
  void build(unsigned pages, double ddio = 0, bool write_allocate = false) {
    CacheConfig config;
    config.size = kPageSize * pages;
    config.ddio = ddio;
    const auto write_back = [this](Movement by, Bytes bytes, Bytes crossing) {
      EXPECT_TRUE(by == kStore || by == kDmaWrite);
      written_back_ += bytes.count();
      crossed_back_ += crossing.count();
    };
    for (auto& cache : caches_) {
      cache = std::make_unique<Cache>(config, write_allocate, write_back);
    }
    Cache::join(*caches_[0], *caches_[1],
                [](Agent, Place, Frame frame) { return frame < kOnNode1 ? 0U : 1U; });
  }

  static SegmentList page(Frame frame, std::uint32_t bytes = kPage) {
    return {{address_of(frame), bytes}};
  }
  Cache::Outcome read(unsigned node, Movement movement, const SegmentList& from) {
    return caches_[node]->transfer(movement, &from, nullptr, Bytes(0));
  }
  Cache::Outcome write(unsigned node, Movement movement, const SegmentList& to) {
    return caches_[node]->transfer(movement, nullptr, &to, size_of(to));
  }
  static void expect(const Cache::Outcome& outcome, NodeBytes dram, NodeBytes fabric) {
    EXPECT_EQ(outcome.nodes.dram, dram);
    EXPECT_EQ(outcome.nodes.fabric, fabric);
  }

  std::unique_ptr<Cache> caches_[2];
  std::uint64_t written_back_ = 0;
  std::uint64_t crossed_back_ = 0;
};

constexpr NodeBytes kNothing{0, 0};

TEST_F(NumaCacheTest, RemoteMemoryCrossesOnceWhileItIsResident) {
  build(8);
  expect(read(0, kLoad, page(kOnNode1)), {0, kPage}, {0, kPage});
  expect(read(0, kLoad, page(kOnNode1)), kNothing, kNothing);
  expect(read(0, kDmaRead, page(kOnNode1)), kNothing, kNothing);
  expect(read(0, kLoad, page(1)), {kPage, 0}, kNothing);
}

TEST_F(NumaCacheTest, WhatTheOtherOneHoldsComesFromThere) {
  build(8);
  read(1, kLoad, page(1));
  expect(read(0, kLoad, page(1)), kNothing, {0, kPage});
  EXPECT_EQ(written_back_, 0U) << "it was clean";
  expect(read(1, kLoad, page(1)), kNothing, kNothing);
}

TEST_F(NumaCacheTest, WhatIsDirtyThereIsSavedOnTheWay) {
  build(8);
  write(1, kStore, page(1));
  expect(read(0, kLoad, page(1)), {kPage, 0}, {0, kPage});
  EXPECT_EQ(written_back_, kPage);
  EXPECT_EQ(crossed_back_, 0U) << "the crossing is the reader's";
  EXPECT_EQ(caches_[1]->dirty(), Bytes(0));
}

TEST_F(NumaCacheTest, DmaLooksAtTheOtherOneAndChangesNothing) {
  build(8);
  write(1, kStore, page(1));
  expect(read(0, kDmaRead, page(1)), kNothing, {0, kPage});
  EXPECT_EQ(caches_[1]->dirty(), kPageSize);
  EXPECT_EQ(caches_[0]->resident(), Bytes(0));
}

TEST_F(NumaCacheTest, AWriteTakesTheLinesAwayFromTheOtherOne) {
  build(8);
  write(1, kStore, page(1));
  expect(write(0, kStore, page(1)), kNothing, kNothing);
  EXPECT_EQ(caches_[1]->resident(), Bytes(0)) << "written as a whole: nobody needs what it had";
  write(1, kStore, page(1));
  EXPECT_EQ(caches_[0]->resident(), Bytes(0));
  expect(write(0, kStore, page(1, 100)), {64, 0}, {0, 64});  // line 1 in part: it is saved before
}

TEST_F(NumaCacheTest, WithWriteAllocateALineOfTheOtherOneCrossesFirst) {
  build(8, 0, true);
  expect(write(0, kStore, page(kOnNode1)), {0, kPage}, {0, kPage});
  expect(write(1, kStore, page(kOnNode1)), {0, kPage}, {kPage, 0});  // with what was dirty
  EXPECT_EQ(caches_[0]->resident(), Bytes(0));
}

TEST_F(NumaCacheTest, WriteBackOfRemoteMemoryCrossesAndIsItsWriters) {
  build(2);
  write(0, kStore, page(kOnNode1));
  read(0, kLoad, page(1));
  const Cache::Outcome outcome = read(0, kLoad, page(2));
  expect(outcome, {kPage, kPage}, {kPage, 0});
  EXPECT_EQ(outcome.fabric, Bytes(0)) << "not the loader's";
  EXPECT_EQ(crossed_back_, kPage);
}

TEST_F(NumaCacheTest, DmaWritesCrossAtOnceOrWhenTheyAreEvicted) {
  build(8);
  read(1, kLoad, page(kOnNode1));
  expect(write(0, kDmaWrite, page(kOnNode1)), {0, kPage}, {kPage, 0});
  EXPECT_EQ(caches_[1]->resident(), Bytes(0));
  build(8, 0.25);  // two pages of the node of the device
  expect(write(0, kDmaWrite, page(kOnNode1)), kNothing, kNothing);
  expect(write(0, kDmaWrite, page(kOnNode1 + 1)), kNothing, kNothing);
  expect(write(0, kDmaWrite, page(kOnNode1 + 2)), {0, kPage}, {kPage, 0});
  EXPECT_EQ(crossed_back_, kPage);
}

// Whatever goes on, a line is dirty in one cache at most, and every byte that a node's DRAM takes
// or gives, and that is asked for on the other node, crosses.
TEST_F(NumaCacheTest, ALineIsDirtyOnce) {
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (const double ddio : {0.0, 0.25}) {
    build(8, ddio, true);
    for (int i = 0; i < 20'000; ++i) {
      const unsigned node = below(2);
      const Frame frame = below(2) * kOnNode1 + below(7);
      const std::uint32_t first = below(64);
      const SegmentList list{{address_of(frame) + first * 64, (1 + below(64 - first)) * 64}};
      const bool writes = below(2) == 0;
      const bool dma = below(2) == 0;
      if (writes) {
        write(node, dma ? kDmaWrite : kStore, list);
      } else {
        read(node, dma ? kDmaRead : kLoad, list);
      }
      const SegmentList all = page(frame);
      // Whoever looks without changing anything finds each line in one place.
      const Cache::Outcome from[2] = {read(0, kDmaRead, all), read(1, kDmaRead, all)};
      const unsigned home = frame < kOnNode1 ? 0 : 1;
      for (const Cache::Outcome& outcome : from) {
        ASSERT_EQ(outcome.nodes.dram[1 - home], 0U);
        ASSERT_EQ(outcome.nodes.dram[home], outcome.read.count());
      }
      ASSERT_EQ(from[home].read, from[1 - home].read) << "in neither cache";
      ASSERT_LE((caches_[0]->dirty() + caches_[1]->dirty()).count(), 14 * kPage);
    }
  }
}

// ---- Whole machines.

Config machine(const NumaLayout& layout) {
  Config config = layout.machine();
  config.workload.clients = 1;
  config.workload.file_size = Bytes(50'000'000);
  config.workload.chunk = kMiB * 4;
  config.socket.send_buffer = kMiB * 4;
  return config;
}

double crossings(const Config& config) {
  const Result result = simulate_apart(config, "ktls_sendfile");
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(*result.value("bus_crossings_per_byte"), 4);
  return *result.value("fabric_crossings_per_byte");
}

TEST(NumaCachePaths, FarTooSmallTheCrossingsAreThePublishedOnes) {
  for (const NumaLayout& layout : kNumaLayouts) {
    Config config = machine(layout);
    config.cache.size = kKiB * 128;
    const double found = crossings(config);
    EXPECT_LE(found, layout.crossings) << layout.name;
    EXPECT_GE(found, layout.crossings * 0.97) << layout.name;
  }
}

TEST(NumaCachePaths, LargeEnoughThoseRemainThatNoCacheSaves) {
  for (const NumaLayout& layout : kNumaLayouts) {
    Config config = machine(layout);
    config.cache.size = kMiB * 256;
    EXPECT_NEAR(crossings(config), layout.held, 0.01) << layout.name;
    config.cache.ddio = 1;
    EXPECT_NEAR(crossings(config), layout.ddio, 0.01) << layout.name;
  }
}

TEST(NumaCachePaths, TwoNodesOfWhichOneIsUsedAreTheMachineOfOne) {
  Config config = machine(kStrictDiskSiloed);
  config.workload.clients = 4;
  config.workload.file_size = Bytes(2'000'000);
  config.memory.bandwidth = Rate(8e9);
  config.memory.write_allocate = true;
  config.cache.size = kMiB;
  config.cache.ddio = 0.25;
  expect_the_machine_of_one(config, 1e-6);
}

TEST(NumaCachePaths, EveryPathDelivers) {
  for (const NumaLayout& layout : kNumaLayouts) {
    Config config = machine(layout);
    config.workload.clients = 3;
    config.workload.file_size = Bytes(700'001);
    config.workload.chunk = Bytes(10'000);
    config.workload.data = Data::kBytes;
    config.cache.size = kMiB;
    config.cache.ddio = 0.2;
    for (const auto& [path, result] : simulate_apart(config)) {
      EXPECT_TRUE(result.delivered_ok) << path;
      EXPECT_LE(metric_of(result, "fabric_bytes"),
                metric_of(result, "bus_bytes") + metric_of(result, "payload_bytes") / 10)
          << path;
    }
  }
}

}  // namespace
}  // namespace copypath
