// Laws of whole machines with and without a last-level cache: without one, DRAM sees all that is
// asked of memory, and the crossings of every path are those of the published table; with one that
// holds the working set, what was just written is read from it; with one that is far too small,
// nothing is saved.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "models/memory/cache.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

Config serving(std::uint64_t file_size, std::uint64_t chunk = 65536) {
  Config config;
  config.workload.file_size = Bytes(file_size);
  config.workload.chunk = Bytes(chunk);
  return config;
}

std::uint64_t dram_of(const Result& result, const std::string& movement) {
  for (const MovementRecord& record : result.movements) {
    if (record.name == movement) return record.dram_bytes;
  }
  ADD_FAILURE() << result.path << " has no " << movement;
  return 0;
}

double crossings(const Result& result) { return *result.value("dram_crossings_per_byte"); }

TEST(CachePaths, WithoutACacheDramSeesAllThatIsAskedOfMemory) {
  for (const bool write_allocate : {false, true}) {
    Config config = serving(300'001, 10'000);
    config.memory.write_allocate = write_allocate;
    config.workload.clients = 2;
    for (const auto& [path, result] : simulate_apart(config)) {
      EXPECT_EQ(metric_of(result, "dram_bytes"),
                metric_of(result, "bus_bytes") + metric_of(result, "bus_overhead_bytes"))
          << path;
      EXPECT_EQ(metric_of(result, "dram_bytes"),
                metric_of(result, "dram_read_bytes") + metric_of(result, "dram_written_bytes"));
      EXPECT_EQ(crossings(result), *result.value("bus_crossings_per_byte")) << path;
      std::uint64_t moved = 0;
      for (const MovementRecord& record : result.movements) moved += record.dram_bytes;
      EXPECT_EQ(metric_of(result, "dram_bytes"), moved) << path;
    }
  }
}

/// A row of the table: crossings of each byte, without and with write-allocate.
struct Published {
  const char* path;
  const char* nic;  ///< what it lacks, or does for TLS
  double without;
  double with;
};
constexpr Published kPublished[] = {
    {"read_write", "", 6, 8},
    {"mmap_write", "", 4, 5},
    {"sendfile", "", 2, 2},
    {"splice", "", 2, 2},
    {"sendfile", "no scatter-gather", 4, 5},
    {"sendfile", "no checksums", 5, 6},
    {"msg_zerocopy_read", "", 4, 5},
    {"msg_zerocopy_mmap", "", 2, 2},
    {"direct_zc", "", 2, 2},
    {"io_uring_zc", "", 2, 2},
    {"user_tls", "", 8, 11},
    {"ktls_sendfile", "", 4, 5},
    {"ktls_write", "", 6, 8},
    {"ktls_sendfile", "bounce", 4, 5},
    {"ktls_sendfile", "zerocopy", 2, 2},
};

TEST(CachePaths, WithoutACacheCrossingsAreThePublishedOnes) {
  for (const Published& row : kPublished) {
    for (const bool write_allocate : {false, true}) {
      Config config = serving(1'000'000);
      config.kernel = KernelVersion{6, 18};
      config.memory.write_allocate = write_allocate;
      const std::string nic = row.nic;
      if (nic == "no scatter-gather") config.nic.scatter_gather = false;
      if (nic == "no checksums") config.nic.checksum_offload = false;
      if (nic.find("no ") == 0) config.nic.segmentation_offload = false;
      if (nic == "bounce") config.nic.tls_offload = TlsOffload::kBounce;
      if (nic == "zerocopy") config.nic.tls_offload = TlsOffload::kZerocopy;
      const Result result = simulate_apart(config, row.path);
      const double expected = write_allocate ? row.with : row.without;
      EXPECT_EQ(crossings(result), expected) << row.path << " " << nic;
      EXPECT_EQ(*result.value("bus_crossings_per_byte"), expected) << row.path << " " << nic;
    }
  }
}

// The 13th row: what MSG_ZEROCOPY sends to the same machine crosses no less than a plain send.
TEST(CachePaths, LoopedBackZerocopySavesNoCrossing) {
  Config config = serving(1'000'000);
  config.nic.link = Link::kLoopback;
  config.workload.sink = Sink::kCopy;
  const auto results = simulate_apart(config);
  EXPECT_GE(crossings(results.at("msg_zerocopy_mmap")), crossings(results.at("mmap_write")));
  EXPECT_GE(crossings(results.at("msg_zerocopy_read")), crossings(results.at("read_write")));
}

TEST(CachePaths, WithoutACacheDmaFillsNoPartOfIt) {
  Config config = serving(700'001, 10'000);
  const auto textbook = simulate_apart(config, "read_write");
  config.cache.ddio = 0.2;
  EXPECT_EQ(to_json(simulate_apart(config, "read_write")).dump(), to_json(textbook).dump());
}

TEST(CachePaths, WhatIsAskedOfMemoryDoesNotDependOnTheCache) {
  Config config = serving(700'001, 10'000);
  config.workload.clients = 3;
  config.memory.write_allocate = true;
  const auto textbook = simulate_apart(config);
  config.cache.size = kMiB;
  config.cache.ddio = 0.2;
  for (const auto& [path, result] : simulate_apart(config)) {
    EXPECT_TRUE(result.delivered_ok) << path;
    for (const char* const metric : {"bus_bytes", "cpu_copied_bytes", "payload_bytes"}) {
      EXPECT_EQ(*result.value(metric), *textbook.at(path).value(metric)) << path << " " << metric;
    }
    EXPECT_LT(*result.value("dram_bytes"), *textbook.at(path).value("dram_bytes")) << path;
  }
}

// The server's buffer was filled a moment ago, and the memory behind skbs is used over and over.
TEST(CachePaths, FarBelowTheSecondCopyNeedsNoDram) {
  Config config = serving(200'000'000);
  config.cache.size = kMiB * 32;
  const Result result = simulate_apart(config, "read_write");
  EXPECT_EQ(dram_of(result, "transmit_copy"), 0U);
  // What is left: the disk's DMA writes the page, the first copy reads it, and what is control.
  EXPECT_EQ(dram_of(result, "disk_read"), 200'000'000U);
  const std::uint64_t first_copy =
      units_covering(Bytes(200'000'000), Cache::kLine) * Cache::kLine.count();
  EXPECT_EQ(dram_of(result, "copy_to_user"), first_copy);
  EXPECT_EQ(metric_of(result, "dram_read_bytes"),
            first_copy + dram_of(result, "headers") + dram_of(result, "descriptors") +
                dram_of(result, "receive_descriptors") + dram_of(result, "disk_command"))
      << "so the second copy reads none";
  // And writes none, but for memory of the send buffer that is used once and then no more.
  EXPECT_LE(dram_of(result, "copy_from_user"), config.socket.send_buffer.count());
}

TEST(CachePaths, FarBelowWriteAllocateReadsNoLineTwice) {
  Config config = serving(200'000'000);
  config.cache.size = kMiB * 32;
  config.memory.write_allocate = true;
  const Result result = simulate_apart(config, "read_write");
  // The send buffer's memory at most, once; it is allocated in pieces of 32 KiB.
  EXPECT_LE(dram_of(result, "copy_from_user"), 2 * (config.socket.send_buffer + kKiB * 64).count());
}

TEST(CachePaths, FarAboveTheCrossingsAreTheTextbooks) {
  for (const bool write_allocate : {false, true}) {
    Config config = serving(50'000'000, 4 << 20);
    config.memory.write_allocate = write_allocate;
    config.socket.send_buffer = kMiB * 4;
    config.cache.size = kKiB * 128;
    for (const auto& [path, result] : simulate_apart(config)) {
      // These have an intermediate buffer that is small, or is emptied at once, whatever the chunk.
      if (path == "compress_write" || path == "copy_via_buffered_stream" ||
          path == "proxy_read_write") {
        continue;
      }
      const double textbook = *result.value("bus_crossings_per_byte");
      EXPECT_LE(crossings(result), textbook * 1.001) << path;
      EXPECT_GE(crossings(result), textbook * 0.97) << path;
    }
  }
}

// The page that the drive has just written is read from the cache, and so it is by the NIC.
TEST(CachePaths, WithDdioTheDrivesDmaCanBeReadFromTheCache) {
  Config config = serving(50'000'000);
  config.cache.size = kMiB * 32;
  config.cache.ddio = 0.2;
  const Result sendfile = simulate_apart(config, "sendfile");
  EXPECT_EQ(dram_of(sendfile, "transmit_page"), 0U);
  // All but what is still in the cache's share at the end.
  EXPECT_GE(dram_of(sendfile, "disk_read") + kMiB.count() * 32 / 5, 50'000'000U);
  EXPECT_EQ(dram_of(simulate_apart(config, "read_write"), "transmit_copy"), 0U);
}

TEST(CachePaths, AWarmFileThatFitsIsReadFromDramOnce) {
  Config config = serving(4 << 20);
  config.page_cache.warm = 1;
  config.workload.requests = 20;
  config.cache.size = kMiB * 32;
  EXPECT_EQ(dram_of(simulate_apart(config, "read_write"), "copy_to_user"), 4U << 20);
  // DMA brings nothing in: for sendfile() every byte comes from DRAM each time.
  EXPECT_EQ(dram_of(simulate_apart(config, "sendfile"), "transmit_page"), 20U * (4U << 20));
}

// What holds the bus is what reaches DRAM: a bus-bound machine is as much faster as it saves.
TEST(CachePaths, BusBoundIsCapacityOverDramCrossings) {
  Config config = serving(20'000'000);
  config.workload.clients = 4;
  config.nic.rate = Rate::bits(400e9);
  config.pcie.disk = config.pcie.nic = {5, 16};
  config.disk.bandwidth = Rate(50e9);
  config.cpu.copy_rate = config.cpu.copy_rate_cached = Rate(50e9);
  config.page_cache.readahead = kMiB;
  config.memory.bandwidth = Rate(4e9);
  config.memory.efficiency = 0.5;
  config.cache.size = kMiB * 32;
  const Result result = simulate_apart(config, "read_write");
  EXPECT_EQ(result.bottleneck, "memory_bus");
  EXPECT_NEAR(*result.value("throughput_Bps"), 2e9 / crossings(result), 0.01 * 1e9);
  EXPECT_NEAR(crossings(result), 2, 0.05);
  EXPECT_LE(*result.value("bus_utilisation"), 1);
}

TEST(CachePaths, BothTimingsAgree) {
  Config config = serving(5'000'000);
  config.cache.size = kMiB;
  config.cache.ddio = 0.25;
  for (const char* const path : {"read_write", "sendfile", "user_tls"}) {
    config.timing = Timing::kFluid;
    const Result fluid = simulate_apart(config, path);
    config.timing = Timing::kBurst;
    const Result burst = simulate_apart(config, path);
    for (const char* const metric : {"elapsed_s", "cpu_busy_s", "dram_bytes"}) {
      EXPECT_NEAR(*burst.value(metric), *fluid.value(metric), 0.01 * *fluid.value(metric))
          << path << " " << metric;
    }
  }
}

}  // namespace
}  // namespace copypath
