// How a file is opened, mapped and cached decides what a path costs: O_DIRECT and persistent memory
// have no page cache to refer to, large folios make fewer faults and fewer fragments, and Linux
// does it differently from version to version. Both sides of every change.
#include <gtest/gtest.h>

#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

Config small(std::uint64_t size = 1'000'003) {
  Config config;
  config.workload.file_size = Bytes(size);
  return config;
}

double value(const Result& result, const char* metric) { return *result.value(metric); }

std::uint64_t bytes_of(const Result& result, const std::string& movement) {
  for (const MovementRecord& record : result.movements) {
    if (record.name == movement) return record.bytes;
  }
  return 0;
}

TEST(Sources, DirectSendfileHasPagesOfItsOwnAndNoCache) {
  for (const char* const path : {"sendfile", "splice"}) {
    Config config = small();
    config.workload.open = FileSource::kDirect;
    config.workload.clients = 2;
    config.workload.files = 1;
    config.workload.data = Data::kBytes;
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(value(result, "cpu_copied_bytes"), 0) << "the drive's DMA fills the pipe's pages";
    EXPECT_EQ(value(result, "bus_crossings_per_byte"), 2);
    EXPECT_EQ(value(result, "disk_bytes"), 2 * 1'000'003)
        << "nothing is kept for the second client";
    EXPECT_EQ(bytes_of(result, "disk_read_pipe"), 2 * 1'000'003U);
    EXPECT_EQ(value(result, "page_cache_misses") + value(result, "page_cache_hits"), 0);
  }
}

TEST(Sources, DirectReadIsDirectWrite) {
  Config config = small();
  const Result direct = simulate_apart(config, "direct_write");
  config.workload.open = FileSource::kDirect;
  const Result read = simulate_apart(config, "read_write");
  EXPECT_EQ(value(read, "bus_bytes"), value(direct, "bus_bytes"));
  EXPECT_EQ(value(read, "elapsed_s"), value(direct, "elapsed_s"));
}

TEST(Sources, PersistentMemoryIsCopiedByACore) {
  Config config = small();
  config.workload.open = FileSource::kDax;
  config.workload.data = Data::kBytes;
  for (const char* const path : {"sendfile", "splice", "java_transfer_to"}) {
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(value(result, "cpu_copies_per_byte"), 1) << path;
    EXPECT_EQ(value(result, "bus_crossings_per_byte"), 3) << "no disk, one copy, one DMA";
    EXPECT_EQ(value(result, "disk_bytes"), 0);
  }
  const Result read_write = simulate_apart(config, "read_write");
  EXPECT_TRUE(read_write.delivered_ok);
  EXPECT_EQ(value(read_write, "cpu_copies_per_byte"), 2);
  EXPECT_EQ(value(read_write, "bus_crossings_per_byte"), 5);
}

TEST(Sources, OnlyPathsThatReadAnyFileTakeThem) {
  Config config = small();
  config.workload.open = FileSource::kDax;
  EXPECT_EQ(refusal(*find_path("sendfile"), config), "");
  EXPECT_NE(refusal(*find_path("mmap_write"), config).find("workload.open is for"),
            std::string::npos);
  config.workload.java_target = JavaTarget::kTrusted;
  EXPECT_NE(refusal(*find_path("java_transfer_to"), config), "");
}

TEST(Sources, DirectReadsWantWholeBlocks) {
  Config config = small();
  config.workload.chunk = Bytes(511);
  EXPECT_NE(refusal(*find_path("direct_write"), config).find("EINVAL"), std::string::npos);
  EXPECT_EQ(refusal(*find_path("sendfile"), config), "");
  config.workload.open = FileSource::kDirect;
  EXPECT_NE(refusal(*find_path("sendfile"), config).find("EINVAL"), std::string::npos);
  config.workload.chunk = Bytes(512);
  EXPECT_EQ(refusal(*find_path("sendfile"), config), "");
}

// ---- Large folios.

// Measured on Linux 6.18: 4096 warm pages cost 256 faults in small folios.
TEST(Folios, AFaultMapsTheWholeFolioSince618) {
  Config config = small(4096 * kPageSize.count());
  config.page_cache.warm = 1;
  config.page_cache.folio = kMiB;
  config.kernel = since::kFaultMapsFolio;
  EXPECT_EQ(value(simulate_apart(config, "mmap_write"), "faults_minor"), 16);
  config.kernel = {6, 17};
  EXPECT_EQ(value(simulate_apart(config, "mmap_write"), "faults_minor"), 256);
  config.kernel = since::kFaultMapsFolio;
  config.page_cache.folio = kPageSize * 4;  // smaller than what a fault maps around it
  EXPECT_EQ(value(simulate_apart(config, "mmap_write"), "faults_minor"), 256);
}

TEST(Folios, ALargeFolioIsOneFragment) {
  Config config = small(64 * kPageSize.count());
  config.page_cache.warm = 1;
  const Result pages = simulate_apart(config, "sendfile");
  config.page_cache.folio = kPageSize * 64;
  const Result folios = simulate_apart(config, "sendfile");
  EXPECT_TRUE(folios.delivered_ok);
  EXPECT_GE(bytes_of(pages, "descriptors"), 64 * 16U) << "one descriptor per page";
  // At most one for the headers, and two where a packet begins in one round and ends in the next.
  EXPECT_LE(bytes_of(folios, "descriptors"),
            3 * 16 * units_covering(Bytes(64 * 4096), Bytes(65160)));
}

TEST(Folios, DeliverWhateverTheSizes) {
  for (const std::uint64_t folio : {4, 8, 32, 128, 2048}) {
    for (const double warm : {0.0, 0.3, 1.0}) {
      Config config = small(700'001);
      config.page_cache.folio = kKiB * folio;
      config.page_cache.warm = warm;
      config.page_cache.size = kMiB;
      config.workload.clients = 3;
      config.workload.data = Data::kBytes;
      config.workload.chunk = Bytes(50'176);
      for (const auto& [path, result] : simulate_apart(config)) {
        EXPECT_TRUE(result.delivered_ok) << path << " " << folio << " " << warm;
        expect_calls(config, result);
      }
    }
  }
}

// ---- mmap(MAP_POPULATE).

TEST(Populate, LeavesNoFaults) {
  for (const double warm : {0.0, 1.0}) {
    Config config = small(1000 * kPageSize.count());
    config.page_cache.warm = warm;
    config.workload.map_populate = true;
    const Result result = simulate_apart(config, "mmap_write");
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(value(result, "faults_minor") + value(result, "faults_major"), 0) << warm;
    EXPECT_EQ(value(result, "page_cache_misses"), warm == 1 ? 0 : 1000);
  }
}

TEST(Populate, DoesNotSaveTheWork) {
  Config config = small(1000 * kPageSize.count());
  config.page_cache.warm = 1;
  const double lazily = value(simulate_apart(config, "mmap_write"), "cpu_busy_s");
  config.workload.map_populate = true;
  EXPECT_NEAR(value(simulate_apart(config, "mmap_write"), "cpu_busy_s"), lazily, lazily * 0.02);
}

// ---- Pipes.

TEST(Pipes, ALargerPipeTakesFewerCalls) {
  Config config = small();
  config.workload.chunk = kMiB;
  EXPECT_EQ(simulate_apart(config, "splice").syscalls.at("splice"), 2 * 16U);
  config.pipe.size = kMiB;
  EXPECT_EQ(simulate_apart(config, "splice").syscalls.at("splice"), 2U);
  EXPECT_EQ(simulate_apart(config, "sendfile").syscalls.at("sendfile"), 1U) << "has its own pipe";
}

TEST(Pipes, Before65EachPageEntersTheSocketAlone) {
  Config config = small(160 * kPageSize.count());
  config.page_cache.warm = 1;
  config.kernel = since::kSplicePages;
  const double together = value(simulate_apart(config, "sendfile"), "cpu_busy_s");
  config.kernel = {6, 4};
  const double one_by_one = value(simulate_apart(config, "sendfile"), "cpu_busy_s");
  EXPECT_NEAR(one_by_one - together, 150 * config.cpu.sendpage.to_seconds(), 1e-12)
      << "16 pages come in one round, and the first of them needs no entry more";
}

// ---- Java.

TEST(JavaTransferTo, FallsBackToAMappingOrABuffer) {
  Config config = small(20'000'000);
  config.workload.java_target = JavaTarget::kTrusted;
  Result result = simulate_apart(config, "java_transfer_to");
  using Calls = std::map<std::string, std::uint64_t>;
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(result.syscalls, (Calls{{"mmap", 3}, {"write", 3}, {"munmap", 3}})) << "8 MiB each";
  EXPECT_EQ(value(result, "cpu_copies_per_byte"), 1);
  config.workload.java_target = JavaTarget::kArbitrary;
  result = simulate_apart(config, "java_transfer_to");
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(result.syscalls, (Calls{{"pread", 2442}, {"write", 2442}})) << "8 KiB each";
  EXPECT_EQ(value(result, "cpu_copies_per_byte"), 2);
}

}  // namespace
}  // namespace copypath
