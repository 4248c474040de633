// What appears when the NIC or the kernel lacks something: the copy without scatter-gather, the
// pass without checksum offload, the work per frame without segmentation, and refusals of what
// cannot be done at all. Both sides of every version of Linux at which that changed.
#include <gtest/gtest.h>

#include <map>

#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

Config small() {
  Config config;
  config.workload.file_size = Bytes(1'000'003);
  return config;
}

constexpr KernelVersion kBeforeAlwaysGso{4, 16};

/// Passes per byte of payload on top of what the path costs with a NIC that can do everything.
struct Extra {
  double copies;
  double checksums;
};

void expect_extra(const Config& config, const Result& result, Extra extra) {
  SCOPED_TRACE(result.path + " on " + config.kernel.text());
  const double copies = static_cast<double>(kOracle.at(result.path).cpu_copies) + extra.copies;
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(*result.value("cpu_copies_per_byte"), copies);
  EXPECT_EQ(*result.value("cpu_checksum_bytes") / *result.value("payload_bytes"), extra.checksums);
  EXPECT_EQ(*result.value("bus_crossings_per_byte"), 2 + 2 * copies + extra.checksums);
}

TEST(Capabilities, WithoutScatterGatherTheCopyComesBack) {
  for (const bool checksums : {true, false}) {
    Config config = small();
    config.nic.scatter_gather = false;
    config.nic.checksum_offload = checksums;
    config.kernel = since::kAlwaysGso;
    for (const auto& [path, result] : simulate_apart(config)) {
      expect_extra(config, result, {1, 0});  // the checksum is computed in passing
    }
    config.kernel = kBeforeAlwaysGso;
    for (const auto& [path, result] : simulate_apart(config)) {
      const bool by_reference = kOracle.at(path).by_reference;
      expect_extra(config, result, {by_reference ? 1.0 : 0.0, 0});
    }
  }
}

// The row of the oracle: sendfile without scatter-gather costs what mmap+write costs with it.
TEST(Capabilities, SendfileWithoutScatterGatherIsMmapAndWrite) {
  Config config = small();
  const Result mmap_write = simulate_apart(config, "mmap_write");
  config.nic.scatter_gather = false;
  const Result sendfile = simulate_apart(config, "sendfile");
  for (const char* const metric : {"cpu_copied_bytes", "bus_bytes", "dma_bytes"}) {
    EXPECT_EQ(*sendfile.value(metric), *mmap_write.value(metric)) << metric;
  }
}

TEST(Capabilities, WithoutChecksumOffloadACoreReads) {
  Config config = small();
  config.nic.checksum_offload = false;
  config.kernel = since::kAlwaysGso;
  for (const auto& [path, result] : simulate_apart(config)) expect_extra(config, result, {0, 1});
  config.kernel = kBeforeAlwaysGso;
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_extra(config, result, {kOracle.at(path).by_reference ? 1.0 : 0.0, 0});
  }
}

TEST(Capabilities, WithoutSegmentationOnlyTheTimeChanges) {
  Config config = small();
  config.nic.segmentation_offload = false;
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_extra(config, result, {0, 0});
    config.nic.segmentation_offload = true;
    const Result offloaded = simulate_apart(config, path);
    config.nic.segmentation_offload = false;
    const double frames = *result.value("packets");
    EXPECT_GT(*result.value("cpu_busy_s") - *offloaded.value("cpu_busy_s"),
              frames * config.cpu.segment.to_seconds() * 0.9)
        << path;
  }
}

// A core that must read or copy everything is slower than the wire: it shows as the bottleneck.
TEST(Capabilities, SlowChecksumsLimitTheThroughput) {
  Config config = small();
  config.workload.file_size = Bytes(10'000'000);
  config.nic.checksum_offload = false;
  config.cpu.checksum_rate = Rate(200e6);
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_NEAR(*result.value("throughput_Bps"), 200e6, 20e6);
  EXPECT_EQ(result.bottleneck, "cpu");
}

}  // namespace
}  // namespace copypath
