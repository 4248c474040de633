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
#include "testbench/tests/oracle.h"

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
  const Oracle oracle = oracle_of(result.path, config);
  const Traffic traffic = traffic_of(config, result);
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(whole(result, "payload_bytes"), traffic.payload);

  expect_calls(config, result);
  std::uint64_t total = 0;
  for (const auto& [name, n] : result.syscalls) total += n;
  EXPECT_EQ(whole(result, "syscalls_total"), total);
  EXPECT_EQ(whole(result, "mode_switches"), 2 * total);
  const std::uint64_t more =  // copies of what is sent, for want of a better NIC or client
      (copies_of(result.path, config) - oracle.cpu_copies) * traffic.sent;
  EXPECT_EQ(whole(result, "cpu_copied_bytes"), traffic.copied + more);
  EXPECT_EQ(whole(result, "cpu_crypto_bytes"), traffic.crypto);

  const std::uint64_t disk = whole(result, "disk_bytes");
  if (oracle.proxy) {
    EXPECT_EQ(disk, 0U) << "the origin has the file";
    EXPECT_EQ(whole(result, "page_cache_hits") + whole(result, "page_cache_misses"), 0U);
  } else if (!oracle.page_cache) {
    EXPECT_EQ(disk, traffic.payload) << "every fetch reads the disk";
    EXPECT_EQ(whole(result, "page_cache_misses"), 0U);
  } else if (cache_holds_everything(config)) {
    EXPECT_EQ(disk, cold_bytes(config)) << "every page is read once";
    const std::uint64_t read_pages =
        units_covering(Bytes(cold_bytes(config) / files_of(w)), kPageSize);
    EXPECT_EQ(whole(result, "page_cache_misses"), read_pages * files_of(w));
  }
  const std::uint64_t dma =
      disk + (dma_of(config) - 1) * ((oracle.proxy ? traffic.payload : 0) + traffic.sent);
  EXPECT_EQ(whole(result, "dma_bytes"), dma);
  EXPECT_EQ(whole(result, "bus_bytes"), dma + traffic.cores + passes(more, config));
  // Records are made once, and none of their framing is payload.
  EXPECT_EQ(moved(result, "tls_framing"), traffic.framing);
  if (config.nic.link == Link::kLoopback) {
    EXPECT_EQ(whole(result, "wire_bytes"), 0U);
    return;
  }
  EXPECT_EQ(moved(result, "tls_framing_fetch"), traffic.framing);
  // Every frame carries headers and framing of 90 bytes, and at most a full segment.
  // A proxy asks its origin over the same wire, in frames of their own.
  const std::uint64_t asked =
      kOracle.at(result.path).proxy && w.file_size > Bytes(0) ? fetches * kRequestText.count() : 0;
  const std::uint64_t stream = traffic.sent + traffic.framing + asked;
  EXPECT_EQ(whole(result, "wire_bytes"), stream + 90 * whole(result, "packets"));
  if (w.file_size == Bytes(0)) return;
  EXPECT_GE(whole(result, "packets"),
            units_covering(Bytes(stream / fetches), config.nic.mtu - Bytes(52)) * fetches);
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
  Config config = small(1'000'000);
  config.workload.compress_ratio = 0.25;
  const auto results = simulate_apart(config);
  ASSERT_EQ(results.size(), kOracle.size()) << "every path has its row in the oracle";
  const std::map<std::string, double> crossings{{"read_write", 6},
                                                {"mmap_write", 4},
                                                {"sendfile", 2},
                                                {"splice", 2},
                                                {"direct_write", 4},
                                                {"java_transfer_to", 2},
                                                {"copy_via_buffered_stream", 8},
                                                {"msg_zerocopy_mmap", 2},
                                                {"msg_zerocopy_read", 4},
                                                {"direct_zc", 2},
                                                {"vmsplice", 4},
                                                {"io_uring_zc", 2},
                                                {"proxy_read_write", 6},
                                                {"proxy_splice", 2},
                                                {"user_tls", 8},
                                                {"user_tls_mmap", 6},
                                                {"ktls_sendfile", 4},
                                                {"ktls_write", 6},
                                                {"compress_write", 5}};
  for (const auto& [path, result] : results) {
    SCOPED_TRACE(path);
    EXPECT_EQ(*result.value("bus_crossings_per_byte"), crossings.at(path));
    const bool compress = path == "compress_write";
    const auto copies = static_cast<double>(kOracle.at(path).cpu_copies);
    EXPECT_EQ(*result.value("cpu_copies_per_byte"), compress ? 1.25 : copies);
    EXPECT_EQ(*result.value("dma_copies_per_byte"), compress ? 1.25 : 2);
    EXPECT_TRUE(result.delivered_ok);
  }
  // 1 000 000 bytes are 15 whole chunks and a rest.
  EXPECT_EQ(whole(results.at("read_write"), "mode_switches"), 16U * 4);
  EXPECT_EQ(whole(results.at("mmap_write"), "mode_switches"), 16U * 2 + 4);
  EXPECT_EQ(whole(results.at("sendfile"), "mode_switches"), 16U * 2);
  EXPECT_EQ(whole(results.at("splice"), "mode_switches"), 16U * 4);
  EXPECT_EQ(whole(results.at("direct_write"), "mode_switches"), 16U * 4);
  EXPECT_EQ(whole(results.at("java_transfer_to"), "mode_switches"), 2U);
  EXPECT_EQ(whole(results.at("copy_via_buffered_stream"), "mode_switches"), 16U * 2 + 123U * 2);
  // To set up: the ring. To serve: a batch of 16 is read, then sent.
  EXPECT_EQ(whole(results.at("io_uring_zc"), "mode_switches"), 2U * 4 + 2U * 2);
  EXPECT_EQ(whole(results.at("user_tls"), "mode_switches"), 16U * 4);
  EXPECT_EQ(whole(results.at("user_tls_mmap"), "mode_switches"), 16U * 2 + 4);
  EXPECT_EQ(whole(results.at("ktls_sendfile"), "mode_switches"), 16U * 2 + 4);
  EXPECT_EQ(whole(results.at("ktls_write"), "mode_switches"), 16U * 4 + 4);
  EXPECT_EQ(whole(results.at("compress_write"), "mode_switches"), 16U * 4);
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

// One call of sendfile() or write() moves 0x7ffff000 bytes at most.
TEST(Paths, ThreeGigabytes) {
  Config config = small(3 * kGiB.count() + 1, 0x7ffff000);
  expect_closed_formulas(config);
  config.workload.chunk = Bytes(1'000'448);  // a multiple of 512, for O_DIRECT
  expect_closed_formulas(config);
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
    if (!kOracle.at(path).page_cache) continue;
    EXPECT_EQ(whole(result, "disk_bytes"), 0U) << path;
    EXPECT_EQ(whole(result, "page_cache_misses"), 0U) << path;
    const Traffic traffic = traffic_of(config, result);
    EXPECT_EQ(whole(result, "bus_bytes"), traffic.sent + traffic.cores);
  }
}

TEST(Paths, WriteAllocateAddsACrossingPerStoreOfACore) {
  Config config = small(400'000);
  config.memory.write_allocate = true;
  config.workload.compress_ratio = 0.5;
  const std::map<std::string, double> published{
      {"read_write", 8}, {"mmap_write", 5}, {"sendfile", 2},      {"splice", 2},
      {"user_tls", 11},  {"ktls_write", 8}, {"ktls_sendfile", 5}, {"compress_write", 5 + 3}};
  for (const auto& [path, result] : simulate_apart(config)) {
    const Oracle& oracle = kOracle.at(path);
    const auto passes = static_cast<double>(oracle.cpu_copies + oracle.cpu_crypto);
    const auto row = published.find(path);
    EXPECT_EQ(*result.value("bus_crossings_per_byte"),
              row == published.end() ? 2 + 3 * passes : row->second)
        << path;
  }
}

TEST(Paths, AWarmMappingFaultsOncePerFaultAroundWindow) {
  Config config = small(4096 * kPageSize.count());
  config.page_cache.warm = 1;
  const Result result = simulate_apart(config, "mmap_write");
  EXPECT_EQ(whole(result, "faults_minor"), 256U);
  EXPECT_EQ(whole(result, "faults_major"), 0U);
  config.page_cache.fault_around = kPageSize;
  EXPECT_EQ(whole(simulate_apart(config, "mmap_write"), "faults_minor"), 4096U);
}

// A page that was mapped, evicted, and is being read again for another client is not there yet.
TEST(Paths, MappingsOfOneFileInATinyCacheWaitForEachOthersReads) {
  Config config = small(200'001, 4095);
  config.page_cache.size = kMiB;
  config.cpu.cores = 2;
  config.cpu.time_slice = microseconds(1);
  config.disk.bandwidth = Rate(50e6);
  config.disk.queue_depth = 2;
  config.nic.rate = Rate::bits(100e6);
  config.socket.send_buffer = Bytes(16384);
  config.workload.clients = 9;
  config.workload.files = 6;
  config.workload.requests = 3;
  EXPECT_TRUE(simulate_apart(config, "mmap_write").delivered_ok);
}

TEST(Paths, AColdMappingFaultsOnceForTheDisk) {
  // The first touch reads a window; from then on the mark in each window starts the next one.
  Config config = small(4096 * kPageSize.count());
  config.page_cache.readahead = kMiB * 8;
  const Result result = simulate_apart(config, "mmap_write");
  EXPECT_EQ(whole(result, "faults_major"), 1U);
  EXPECT_EQ(whole(result, "faults_minor"), 255U);  // as measured on Linux 6.18
  config.kernel = {5, 0};
  EXPECT_EQ(whole(simulate_apart(config, "mmap_write"), "faults_minor"), 256U);
}

// Linux on 127.0.0.1: no NIC, and the receiver may not even look at the bytes.
TEST(Paths, OverLoopback) {
  for (const Sink sink : {Sink::kDiscard, Sink::kCopy}) {
    for (const std::uint64_t size : {0, 1, 4097, 65482, 65483, 65484, 130'966, 700'001}) {
      for (const std::uint64_t chunk : {5003, 65536, 200'000}) {
        Config config = small(size, chunk);
        config.nic.link = Link::kLoopback;
        config.workload.sink = sink;
        config.workload.clients = size == 700'001 ? 3 : 1;
        config.workload.requests = 2;
        config.workload.data = chunk == 5003 ? Data::kBytes : Data::kTags;
        expect_closed_formulas(config);
      }
    }
  }
}

TEST(Paths, AMappedPageThatIsReadBackInIsWaitedFor) {
  // Clients that share files evict each other's pages, and one reads back what another has mapped.
  Config config = small(524'287, 65'537);
  config.workload.clients = 9;
  config.workload.files = 6;
  config.page_cache.size = kMiB;
  config.cpu.copy_rate = Rate(100e6);
  config.disk.bandwidth = Rate(50e6);
  config.socket.send_buffer = Bytes(9000);
  for (const char* const path : {"mmap_write", "msg_zerocopy_mmap"}) {
    expect_closed_formulas(config, simulate_apart(config, path));
  }
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
  std::vector<Config> configs(12, small(700'001, 50'000));
  configs[0].socket.send_buffer = Bytes(4096);
  configs[1].socket.window = Bytes(1500);
  configs[2].nic.ring = 19;
  configs[2].nic.queues = 2;
  configs[3].nic.fifo = Bytes(1518);
  configs[4].page_cache.size = kMiB;
  configs[4].workload.clients = 4;
  configs[5].disk.queue_depth = 2;
  configs[6].disk.channels = 1;
  configs[7].cpu.cores = 1;
  configs[7].cpu.time_slice = microseconds(1);
  configs[7].workload.clients = 4;
  configs[8].socket.receive_buffer = Bytes(4096);
  configs[8].workload.clients = 3;
  for (int i = 9; i < 12; ++i) configs[i].nic.link = Link::kLoopback;
  configs[9].cpu.cores = 1;
  configs[9].cpu.time_slice = microseconds(1);
  configs[9].workload.clients = 4;
  configs[10].socket.receive_buffer = Bytes(4096);
  configs[10].workload.sink = Sink::kCopy;
  configs[11].socket.send_buffer = Bytes(4096);
  for (const Config& config : configs) expect_closed_formulas(config);
}

TEST(Paths, TinyCacheRereadsWhatItHasLost) {
  // The file is twice the cache: when it is asked for again, nothing of its beginning is left.
  Config config = small(2 << 20);
  config.page_cache.size = kMiB;
  config.workload.requests = 2;
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_closed_formulas(config, result);
    if (kOracle.at(path).proxy) continue;  // the cache is none of its business
    // Reading around a page of a mapping also reads a little before it, over and over.
    if (path == "mmap_write" || path == "msg_zerocopy_mmap" || path == "user_tls_mmap") continue;
    EXPECT_EQ(whole(result, "disk_bytes"), 2U * (2 << 20)) << path;
  }
}

}  // namespace
}  // namespace copypath
