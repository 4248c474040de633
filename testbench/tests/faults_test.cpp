// Laws of drives that cannot read some pages: which ones follows from the seed alone; every path
// delivers what lies before the first of them, as far as its calls return it, and nothing behind
// it; then the connection is closed, and the transfer counted as aborted. Nothing is wrong, lost or
// doubled before.
#include <gtest/gtest.h>

#include "models/disk/media.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

Config with_errors(double rate) {
  Config config;
  config.workload.clients = 6;
  config.workload.file_size = Bytes(1'000'003);
  config.workload.chunk = Bytes(50'176);  // 98 blocks of 512 bytes, no whole pages
  config.faults.disk_error_rate = rate;
  config.faults.seed = 3;
  return config;
}

/// The first page of a file that cannot be read, or past the last.
std::uint64_t first_bad_page(const Config& config, std::uint32_t file) {
  const Media media(config.workload, config.faults);
  const std::uint64_t pages = units_covering(config.workload.file_size, kPageSize);
  std::uint64_t page = 0;
  while (page < pages && media.readable(file, page * 4096, Bytes(1))) ++page;
  return page;
}

/// Paths whose calls return whole chunks or nothing: O_DIRECT, and a program that dies of SIGBUS
/// before it has sent the chunk that it was encrypting. Of compressed chunks, the tags of one that
/// is not whole cannot be told apart, so the client does not count it.
bool by_chunk(const std::string& path, Data data) {
  return path == "direct_write" || path == "direct_zc" || path == "io_uring_zc" ||
         path == "user_tls_mmap" || (kOracle.at(path).compress && data == Data::kTags);
}

struct Expected {
  std::uint64_t bytes = 0;
  unsigned aborted = 0;
};

/// What the clients get, each of a file of its own.
Expected expected(const Config& config, const std::string& path) {
  const std::uint64_t size = config.workload.file_size.count();
  const std::uint64_t chunk = config.workload.chunk.count();
  Expected result;
  for (std::uint32_t file = 0; file < config.workload.clients; ++file) {
    const std::uint64_t bad = first_bad_page(config, file) * 4096;
    if (bad >= size) {
      result.bytes += size;
      continue;
    }
    ++result.aborted;
    std::uint64_t read = bad;
    if (by_chunk(path, config.workload.data)) read = bad / chunk * chunk;
    result.bytes += read;
  }
  return result;
}

TEST(DiskErrors, FollowFromTheSeed) {
  const Config config = with_errors(0.01);
  Config other = config;
  other.faults.seed = 4;
  const Media media(config.workload, config.faults);
  const Media again(config.workload, config.faults);
  const Media differing(other.workload, other.faults);
  unsigned bad = 0, different = 0;
  constexpr unsigned kPages = 100'000;
  for (unsigned page = 0; page < kPages; ++page) {
    const auto readable = [&](const Media& drive) {
      return drive.readable(0, page * 4096ull, kPageSize);
    };
    bad += readable(media) ? 0 : 1;
    different += readable(media) != readable(differing) ? 1 : 0;
    ASSERT_EQ(readable(media), readable(again));
  }
  EXPECT_NEAR(bad, 0.01 * kPages, 100) << "the share that was asked for (1000 +- 3 sigma)";
  EXPECT_NEAR(different, 2 * 0.01 * kPages, 200);
  EXPECT_TRUE(Media(config.workload).readable(0, 0, Bytes(1'000'000))) << "none if none are wanted";
}

TEST(DiskErrors, EveryPathDeliversWhatLiesBefore) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    Config config = with_errors(0.003);
    config.workload.data = data;
    for (const auto& [path, result] : simulate_apart(config)) {
      SCOPED_TRACE(path);
      EXPECT_TRUE(result.delivered_ok) << "whatever has arrived is right";
      EXPECT_EQ(metric_of(result, "corrupted_bytes"), 0U);
      if (kOracle.at(path).proxy) {
        EXPECT_EQ(metric_of(result, "aborted_transfers"), 0U) << "no disk";
        continue;
      }
      const Expected wanted = expected(config, path);
      ASSERT_GT(wanted.aborted, 0U);
      ASSERT_LT(wanted.aborted, config.workload.clients);
      EXPECT_EQ(metric_of(result, "aborted_transfers"), wanted.aborted);
      EXPECT_GE(metric_of(result, "disk_errors"), wanted.aborted);
      EXPECT_EQ(metric_of(result, "payload_bytes"), wanted.bytes);
    }
  }
}

TEST(DiskErrors, DoNotDependOnTime) {
  Config config = with_errors(0.003);
  const Expected wanted = expected(config, "sendfile");
  config.timing = Timing::kBurst;
  config.workload.file_size = Bytes(1'000'003);
  config.cpu.cores = 1;
  config.disk.channels = 1;
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_EQ(metric_of(result, "aborted_transfers"), wanted.aborted);
  EXPECT_EQ(metric_of(result, "payload_bytes"), wanted.bytes);
}

TEST(DiskErrors, ReachReadersOfSharedFiles) {
  Config config = with_errors(0.003);
  config.workload.files = 1;
  config.faults.seed = 1;
  while (first_bad_page(config, 0) * 4096 >= config.workload.file_size.count())
    ++config.faults.seed;
  const std::uint64_t before = first_bad_page(config, 0) * 4096;
  for (const char* const path : {"read_write", "sendfile", "mmap_write"}) {
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(metric_of(result, "aborted_transfers"), 6U) << path;
    EXPECT_EQ(metric_of(result, "payload_bytes"), 6 * before) << path;
  }
}

TEST(DiskErrors, CloseTheConnectionForLaterRequestsToo) {
  Config config = with_errors(1);
  config.workload.requests = 3;
  const Result result = simulate_apart(config, "read_write");
  EXPECT_EQ(metric_of(result, "aborted_transfers"), 6U) << "one for each connection";
  EXPECT_EQ(metric_of(result, "payload_bytes"), 0U);
  EXPECT_TRUE(result.delivered_ok);
}

TEST(DiskErrors, OnLoopbackToo) {
  Config config = with_errors(0.003);
  config.nic.link = Link::kLoopback;
  for (const char* const path : {"read_write", "sendfile", "msg_zerocopy_mmap"}) {
    const Result result = simulate_apart(config, path);
    const Expected wanted = expected(config, path);
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(metric_of(result, "payload_bytes"), wanted.bytes) << path;
    EXPECT_EQ(metric_of(result, "aborted_transfers"), wanted.aborted) << path;
  }
}

TEST(DiskErrors, OnStripedDrives) {
  Config config = with_errors(0.003);
  config.disk.count = 3;
  config.disk.stripe = kPageSize;
  const Result result = simulate_apart(config, "sendfile");
  const Expected wanted = expected(config, "sendfile");
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(metric_of(result, "payload_bytes"), wanted.bytes);
  EXPECT_EQ(metric_of(result, "aborted_transfers"), wanted.aborted);
}

}  // namespace
}  // namespace copypath
