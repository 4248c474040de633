// Laws of the data paths: system calls, copies and crossings are closed formulas of file size and
// chunk, every byte arrives in order, and neither odd sizes nor tiny resources change that.
// Figures are those of the table in the guide: read+write 2 copies and 6 crossings, sendfile 0
// and 2.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "testbench/keys.h"
#include "testbench/tests/apart.h"

namespace copypath {
namespace {

std::uint64_t whole(const Result& result, const std::string& metric) {
  return static_cast<std::uint64_t>(std::llround(*result.value(metric)));
}

/// The keys that differ from their defaults, for messages.
std::string text_of(const Config& config) {
  const Config defaults;
  std::string text;
  for (const Key& key : keys()) {
    if (key.get(config) == key.get(defaults)) continue;
    text += fmt::format("{}={} ", key.name, key.get(config));
  }
  return text;
}

std::uint64_t files_of(const WorkloadConfig& w) { return w.files == 0 ? w.clients : w.files; }

/// Bytes that the disk has to deliver when every page is read once.
std::uint64_t cold_bytes(const Config& config) {
  const Bytes size = config.workload.file_size;
  const auto pages = static_cast<double>(units_covering(size, kPageSize));
  const Bytes warm =
      kPageSize * static_cast<std::uint64_t>(std::llround(config.page_cache.warm * pages));
  return (size - std::min(size, warm)).count() * files_of(config.workload);
}

bool cache_holds_everything(const Config& config) {
  const std::uint64_t pages = units_covering(config.workload.file_size, kPageSize);
  return pages * files_of(config.workload) <= config.page_cache.size / kPageSize;
}

/// Everything that can be said about a run without simulating it.
void expect_closed_formulas(const Config& config, const Result& result) {
  const WorkloadConfig& w = config.workload;
  SCOPED_TRACE(result.path + " " + text_of(config));
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  const std::uint64_t payload = w.file_size.count() * fetches;
  const std::uint64_t chunks = units_covering(w.file_size, w.chunk) * fetches;
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(whole(result, "payload_bytes"), payload);

  const bool copies = result.path == "read_write";
  EXPECT_EQ(*result.value("syscalls.read"), copies ? chunks : 0);
  EXPECT_EQ(*result.value("syscalls.write"), copies ? chunks : 0);
  EXPECT_EQ(*result.value("syscalls.sendfile"), copies ? 0 : chunks);
  EXPECT_EQ(whole(result, "syscalls_total"), copies ? 2 * chunks : chunks);
  EXPECT_EQ(whole(result, "mode_switches"), copies ? 4 * chunks : 2 * chunks);
  EXPECT_EQ(whole(result, "cpu_copied_bytes"), copies ? 2 * payload : 0);

  const std::uint64_t disk = whole(result, "disk_bytes");
  if (cache_holds_everything(config)) {
    EXPECT_EQ(disk, cold_bytes(config)) << "every page is read once";
    const std::uint64_t read_pages =
        units_covering(Bytes(cold_bytes(config) / files_of(w)), kPageSize);
    EXPECT_EQ(whole(result, "page_cache_misses"), read_pages * files_of(w));
  }
  EXPECT_EQ(whole(result, "dma_bytes"), disk + payload);
  const std::uint64_t stores = config.memory.write_allocate ? 3 : 2;
  EXPECT_EQ(whole(result, "bus_bytes"), disk + payload + (copies ? 2 * stores * payload : 0));
  // Every frame carries headers and framing of 90 bytes, and at most a full segment.
  EXPECT_EQ(whole(result, "wire_bytes"), payload + 90 * whole(result, "packets"));
  EXPECT_GE(whole(result, "packets"),
            units_covering(w.file_size, config.nic.mtu - Bytes(52)) * fetches);
}

void expect_closed_formulas(const Config& config) {
  try {
    for (const auto& [path, result] : simulate_apart(config)) {
      expect_closed_formulas(config, result);
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what() << " with " << text_of(config);
  }
}

Config small(std::uint64_t file_size, std::uint64_t chunk = 65536) {
  Config config;
  config.workload.file_size = Bytes(file_size);
  config.workload.chunk = Bytes(chunk);
  return config;
}

TEST(Paths, TextbookDefaultsToTheByte) {
  const Config config = small(1'000'000);
  const auto results = simulate_apart(config);
  const Result& read_write = results.at("read_write");
  const Result& sendfile = results.at("sendfile");
  EXPECT_EQ(whole(read_write, "cpu_copied_bytes"), 2'000'000U);
  EXPECT_EQ(whole(read_write, "bus_bytes"), 6'000'000U);
  EXPECT_EQ(*read_write.value("bus_crossings_per_byte"), 6);
  EXPECT_EQ(*read_write.value("cpu_copies_per_byte"), 2);
  EXPECT_EQ(whole(sendfile, "cpu_copied_bytes"), 0U);
  EXPECT_EQ(whole(sendfile, "bus_bytes"), 2'000'000U);
  EXPECT_EQ(*sendfile.value("bus_crossings_per_byte"), 2);
  for (const auto& [path, result] : results) {
    EXPECT_EQ(*result.value("dma_copies_per_byte"), 2) << path;
    EXPECT_TRUE(result.delivered_ok) << path;
  }
  // 1 000 000 bytes are 15 whole chunks and a rest.
  EXPECT_EQ(whole(read_write, "mode_switches"), 16U * 4);
  EXPECT_EQ(whole(sendfile, "mode_switches"), 16U * 2);
}

TEST(Paths, OddFileSizes) {
  for (const std::uint64_t size : {1, 2, 1447, 1448, 1449, 4095, 4096, 4097, 65159, 65160, 65161,
                                   65535, 65536, 65537, 131071, 262145, 999'983}) {
    for (const Data data : {Data::kTags, Data::kBytes}) {
      Config config = small(size);
      config.workload.data = data;
      expect_closed_formulas(config);
    }
  }
}

TEST(Paths, OddChunks) {
  for (const std::uint64_t chunk :
       {100, 1000, 4095, 4096, 4097, 5000, 61440, 65535, 65537, 69632, 100'001, 2'000'000}) {
    Config config = small(150'001, chunk);
    config.workload.data = chunk % 2 == 0 ? Data::kBytes : Data::kTags;
    expect_closed_formulas(config);
  }
}

TEST(Paths, ByteByByte) { expect_closed_formulas(small(300, 1)); }

TEST(Paths, EmptyFileNeedsNothing) {
  Config config = small(0);
  config.workload.clients = 3;
  config.workload.requests = 2;
  expect_closed_formulas(config);
  EXPECT_EQ(*simulate_apart(config, "sendfile").value("elapsed_s"), 0);
}

TEST(Paths, LargestChunk) { expect_closed_formulas(small(300'000, 2147479552)); }

TEST(Paths, RequestsFilesAndWarmth) {
  for (const double warm : {0.0, 0.5, 1.0}) {
    for (const unsigned files : {0U, 1U, 2U}) {
      Config config = small(123'457);
      config.workload.clients = 3;
      config.workload.requests = 2;
      config.workload.files = files;
      config.page_cache.warm = warm;
      expect_closed_formulas(config);
    }
  }
}

TEST(Paths, WarmCacheLeavesTheDiskAlone) {
  Config config = small(500'000);
  config.page_cache.warm = 1;
  for (const auto& [path, result] : simulate_apart(config)) {
    EXPECT_EQ(whole(result, "disk_bytes"), 0U) << path;
    EXPECT_EQ(whole(result, "page_cache_misses"), 0U) << path;
    EXPECT_EQ(*result.value("bus_crossings_per_byte"), path == "read_write" ? 5 : 1);
  }
}

TEST(Paths, WriteAllocateAddsACrossingPerCopy) {
  Config config = small(400'000);
  config.memory.write_allocate = true;
  const auto results = simulate_apart(config);
  EXPECT_EQ(*results.at("read_write").value("bus_crossings_per_byte"), 8);
  EXPECT_EQ(*results.at("sendfile").value("bus_crossings_per_byte"), 2);
}

TEST(Paths, LargerMtus) {
  for (const std::uint64_t mtu : {576, 1280, 9000, 65536}) {
    Config config = small(300'001);
    config.nic.mtu = Bytes(mtu);
    config.workload.data = Data::kBytes;
    expect_closed_formulas(config);
  }
}

TEST(Paths, TinyResources) {
  std::vector<Config> configs(8, small(700'001, 50'000));
  configs[0].socket.send_buffer = Bytes(4096);
  configs[1].socket.window = Bytes(1500);
  configs[2].nic.ring = 19;
  configs[3].nic.fifo = Bytes(1518);
  configs[4].page_cache.size = kMiB;
  configs[4].workload.clients = 4;
  configs[5].disk.queue_depth = 2;
  configs[6].disk.channels = 1;
  configs[7].cpu.cores = 1;
  configs[7].cpu.time_slice = microseconds(1);
  configs[7].workload.clients = 4;
  for (const Config& config : configs) expect_closed_formulas(config);
}

TEST(Paths, TinyCacheRereadsWhatItHasLost) {
  // The file is twice the cache: when it is asked for again, nothing of its beginning is left.
  Config config = small(2 << 20);
  config.page_cache.size = kMiB;
  config.workload.requests = 2;
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_closed_formulas(config, result);
    EXPECT_EQ(whole(result, "disk_bytes"), 2U * (2 << 20)) << path;
  }
}

}  // namespace
}  // namespace copypath
