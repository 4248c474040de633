// Laws of the memory bus behind a cache, in both timings: only what reaches DRAM holds the bus, and
// copies go at the rate of where their bytes are; done then, and not a picosecond before.
#include <gtest/gtest.h>

#include <memory>

#include "models/memory/memory_bus.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

constexpr Rate kUnlimited{1e12};

/// One core, which copies at 8 GB/s from and to DRAM and at 32 GB/s in the cache, and a device.
class CachedBusTest : public SimulationTest, public ::testing::WithParamInterface<Timing> {
protected:
  static constexpr Rate kCold{8e9};

  MemoryBench& build() {
    Config config;
    config.memory.bandwidth = Rate(128e9);
    config.memory.efficiency = 0.5;
    config.memory.burst = Bytes(256);
    config.memory.latency = nanoseconds(90);
    config.timing = GetParam();
    config.cache.size = kKiB * 64;
    bench_ = std::make_unique<MemoryBench>("bench", config, 2);
    bench_->ports[0].set_cached_copy_rate(Rate(32e9));
    return *bench_;
  }
  SegmentList allocate() { return {{address_of(bench_->memory.allocate_adjacent(2)), 6400}}; }

private:
  std::unique_ptr<MemoryBench> bench_;
};

INSTANTIATE_TEST_SUITE_P(Timings, CachedBusTest, ::testing::ValuesIn(kTimings), kNameOfParameter);

TEST_P(CachedBusTest, WhatHitsGoesAtTheCachedRateAndHoldsNoBus) {
  MemoryBench& bench = build();
  const SegmentList from = allocate();
  const SegmentList to = allocate();
  const Process& copies = spawn("core", [&] {
    EXPECT_EQ(bench.ports[0].copy(Movement::kCopyToUser, from, to, kCold), nanoseconds(90));
    EXPECT_EQ(sc_core::sc_time_stamp(), nanoseconds(800));
    EXPECT_EQ(bench.ports[0].copy(Movement::kCopyToUser, from, to, kCold), nanoseconds(10));
    EXPECT_EQ(bench.ports[0].sustained(), Rate(32e9));
  });
  const Process& device = spawn_at(nanoseconds(800), "device", [&] {
    bench.ports[1].control(Movement::kHeaders, Bytes(12800), kUnlimited);
  });
  run_to_edge(copies, nanoseconds(1000));
  EXPECT_EQ(device.finish, nanoseconds(1000)) << "it had the bus for itself";
  const Ledger::Account& account = bench.ledger.account(Movement::kCopyToUser);
  EXPECT_EQ(account.bus_bytes, 4U * 6400);
  EXPECT_EQ(account.dram_read, 6400U);
  EXPECT_EQ(account.dram_written, 0U);
}

TEST_P(CachedBusTest, EachEndOfACopyTakesHalfOfItsTime) {
  MemoryBench& bench = build();
  const SegmentList from = allocate();
  const SegmentList to = allocate();
  const SegmentList elsewhere = allocate();
  const Process& copies = spawn("core", [&] {
    bench.ports[0].copy(Movement::kCopyToUser, from, to, kCold);         // 800 ns
    bench.ports[0].copy(Movement::kCopyToUser, from, elsewhere, kCold);  // 400 ns and 100 ns
  });
  run_to_edge(copies, nanoseconds(1300));
}

// What makes room holds the bus for what it evicts; the account is that of who wrote it.
TEST_P(CachedBusTest, AnEvictionHoldsTheBusOfWhoMakesRoom) {
  MemoryBench& bench = build();
  const auto allocate_cache = [&]() -> SegmentList {
    return {{address_of(bench.memory.allocate_adjacent(16)), 65536}};
  };
  const SegmentList written = allocate_cache();
  const SegmentList read = allocate_cache();
  Content content;
  content.append({7, 0, 0, 65536});
  const Process& passes = spawn("core", [&] {
    Bytes produced;
    bench.ports[0].pass(
        {Movement::kTlsFraming, nullptr, &written, Rate(65.536e9), nullptr, &content},
        produced);  // 1 us, all of it in the cache
    bench.ports[0].pass({Movement::kChecksumPage, &read, nullptr, kUnlimited}, produced);
  });
  run_to_edge(passes, nanoseconds(1000 + 2048));  // 131072 bytes at 64 GB/s
  EXPECT_EQ(bench.ledger.account(Movement::kTlsFraming).dram_written, 65536U);
  EXPECT_EQ(bench.ledger.account(Movement::kChecksumPage).dram_read, 65536U);
  EXPECT_EQ(bench.ledger.account(Movement::kChecksumPage).dram_written, 0U);
}

}  // namespace
}  // namespace copypath
