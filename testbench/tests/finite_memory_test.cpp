// Laws of memory that is finite: what has no room waits or is read again, the record says how
// often, and every byte arrives. Where there is room for everything, nothing of that happens.
#include <gtest/gtest.h>

#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

/// Eight clients fetch two files again and again.
Config busy() {
  Config config;
  config.workload.clients = 8;
  config.workload.files = 2;
  config.workload.requests = 3;
  config.workload.file_size = Bytes(2'000'000);
  return config;
}

void expect_everything(const Result& result) {
  EXPECT_TRUE(result.delivered_ok) << result.path;
  EXPECT_EQ(metric_of(result, "payload_bytes"), 48'000'000U) << result.path;
}

TEST(FiniteMemory, WithRoomForEverythingNothingWaits) {
  Config config = busy();
  config.socket.send_buffer = kMiB * 64;
  config.nic.ring = 65536;
  const Result result = simulate_apart(config, "sendfile");
  expect_everything(result);
  for (const char* const metric :
       {"page_cache_evictions", "disk_queue_full", "ring_full", "send_buffer_waits"}) {
    EXPECT_EQ(metric_of(result, metric), 0U) << metric;
  }
  EXPECT_EQ(metric_of(result, "disk_bytes"), 4'000'000U) << "each file once";
}

TEST(FiniteMemory, ASmallPageCacheEvictsAndReadsAgain) {
  Config config = busy();
  config.page_cache.size = kMiB;
  for (const char* const path : {"read_write", "sendfile", "mmap_write"}) {
    const Result result = simulate_apart(config, path);
    expect_everything(result);
    const std::uint64_t misses = metric_of(result, "page_cache_misses");
    const std::uint64_t evictions = metric_of(result, "page_cache_evictions");
    EXPECT_GT(misses, 3 * 2 * 489U) << path << ": both files, in each round";
    // What has come and not gone is still there: what the cache holds, and what was in use when it
    // was full (page cache pages that the send buffers refer to).
    EXPECT_LE(evictions, misses);
    EXPECT_LE(misses - evictions, (kMiB + config.socket.send_buffer * 2 * 8) / kPageSize) << path;
    EXPECT_GE(misses - evictions, 200U) << path;
    EXPECT_GT(metric_of(result, "disk_bytes"), 3 * 4'000'000U) << path << ": in each round";
    EXPECT_LE(metric_of(result, "disk_bytes"), misses * 4096) << path;
  }
}

TEST(FiniteMemory, SmallSendBuffersMakeSendersWait) {
  Config config = busy();
  config.page_cache.warm = 1;
  config.socket.send_buffer = kKiB * 64;
  for (const char* const path : {"read_write", "sendfile"}) {
    const Result result = simulate_apart(config, path);
    expect_everything(result);
    EXPECT_GT(metric_of(result, "send_buffer_waits"), 0U) << path;
    EXPECT_GE(metric_of(result, "context_switches"), metric_of(result, "send_buffer_waits"))
        << path << ": who waits gives up the core";
  }
}

TEST(FiniteMemory, ASmallRingMakesPacketsWait) {
  Config config = busy();
  config.nic.ring = 19;
  const Result result = simulate_apart(config, "sendfile");
  expect_everything(result);
  EXPECT_GT(metric_of(result, "ring_full"), 0U);
}

TEST(FiniteMemory, AShortQueueMakesCommandsWait) {
  Config config = busy();
  config.disk.queue_depth = 2;
  const Result result = simulate_apart(config, "sendfile");
  expect_everything(result);
  EXPECT_GT(metric_of(result, "disk_queue_full"), 0U);
}

TEST(FiniteMemory, WithoutNcqASataDriveTakesOneCommandAtATime) {
  Config config = busy();
  config.disk.kind = DiskKind::kSataSsd;
  config.disk.bandwidth = Rate(500e6);
  config.disk.queue_depth = 1;
  const Result one = simulate_apart(config, "sendfile");
  expect_everything(one);
  EXPECT_GT(metric_of(one, "disk_queue_full"), 0U);
  // Every command of at most 128 KiB takes its latency and its bytes alone.
  const double commands = 4e6 / 131072;
  EXPECT_GE(*one.value("elapsed_s"), commands * 80e-6 + 4e6 / 500e6);
}

TEST(FiniteMemory, EverythingSmallAtOnce) {
  Config config = busy();
  config.page_cache.size = kMiB;
  config.socket.send_buffer = kKiB * 64;
  config.nic.ring = 19;
  config.disk.queue_depth = 2;
  config.workload.data = Data::kBytes;
  for (const auto& [path, result] : simulate_apart(config)) expect_everything(result);
}

}  // namespace
}  // namespace copypath
