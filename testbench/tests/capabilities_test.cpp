// What appears when the NIC or the kernel lacks something: the copy without scatter-gather, the
// pass without checksum offload (and the copy before it, of what is sent by reference), the work
// per frame without segmentation, and refusals of what cannot be done at all. Both sides of every
// version of Linux at which that changed.
#include <gtest/gtest.h>

#include <cmath>
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

/// Passes over what is sent on top of what the path costs with a NIC that can do everything.
struct Extra {
  std::uint64_t copies;
  std::uint64_t checksums;
};

void expect_extra(const Config& config, const Result& result, Extra extra) {
  SCOPED_TRACE(result.path + " on " + config.kernel.text());
  const Traffic traffic = traffic_of(config, result);
  const auto whole = [&](const char* metric) {
    return static_cast<std::uint64_t>(std::llround(*result.value(metric)));
  };
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(whole("cpu_copied_bytes"), traffic.copied + extra.copies * traffic.sent);
  EXPECT_EQ(whole("cpu_checksum_bytes"), extra.checksums * traffic.sent);
  EXPECT_EQ(whole("bus_bytes"), whole("dma_bytes") + traffic.cores +
                                    (2 * extra.copies + extra.checksums) * traffic.sent);
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
      expect_extra(config, result, {by_reference ? 1U : 0U, 0});
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

// Pages that are sent by reference could change between the sum and the wire: they are copied
// first.
TEST(Capabilities, WithoutChecksumOffloadACoreReads) {
  Config config = small();
  config.nic.checksum_offload = false;
  config.kernel = since::kAlwaysGso;
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_extra(config, result, {kOracle.at(path).by_reference ? 1U : 0U, 1});
  }
  config.kernel = kBeforeAlwaysGso;
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_extra(config, result, {kOracle.at(path).by_reference ? 1U : 0U, 0});
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

// Both sides of 4.18 and of 5.19, in software for want of any other offload; the row of the oracle
// says what each must cost.
TEST(Capabilities, WhoEncryptsForTheKernelDependsOnNicAndKernel) {
  struct Expected {
    const char* path;
    KernelVersion kernel;
    TlsOffload offload;
    double crossings;
    double copies;
    double crypto;
  };
  const std::vector<Expected> all{
      {"ktls_sendfile", {4, 13}, TlsOffload::kZerocopy, 4, 0, 1},
      {"ktls_sendfile", {4, 17}, TlsOffload::kZerocopy, 4, 0, 1},
      {"ktls_sendfile", {4, 18}, TlsOffload::kZerocopy, 4, 1, 0},
      {"ktls_sendfile", {5, 18}, TlsOffload::kZerocopy, 4, 1, 0},
      {"ktls_sendfile", {5, 19}, TlsOffload::kZerocopy, 2, 0, 0},
      {"ktls_sendfile", {5, 19}, TlsOffload::kBounce, 4, 1, 0},
      {"ktls_sendfile", {6, 18}, TlsOffload::kNone, 4, 0, 1},
      {"ktls_write", {4, 17}, TlsOffload::kBounce, 6, 1, 1},
      {"ktls_write", {4, 18}, TlsOffload::kBounce, 6, 2, 0},
      {"ktls_write", {5, 19}, TlsOffload::kZerocopy, 6, 2, 0},
      {"user_tls", {6, 18}, TlsOffload::kZerocopy, 8, 2, 1},
  };
  for (const Expected& expected : all) {
    for (const Data data : {Data::kTags, Data::kBytes}) {
      Config config = small();
      config.workload.data = data;
      config.kernel = expected.kernel;
      config.nic.tls_offload = expected.offload;
      const Result result = simulate_apart(config, expected.path);
      SCOPED_TRACE(std::string(expected.path) + " on " + config.kernel.text());
      EXPECT_TRUE(result.delivered_ok);
      EXPECT_EQ(*result.value("bus_crossings_per_byte"), expected.crossings);
      EXPECT_EQ(*result.value("cpu_copies_per_byte"), expected.copies);
      EXPECT_EQ(*result.value("cpu_crypto_bytes") / *result.value("payload_bytes"),
                expected.crypto);
    }
  }
}

TEST(Capabilities, ThereIsNoTlsInTheKernelBefore413) {
  Config config = small();
  for (const char* const path : {"ktls_sendfile", "ktls_write"}) {
    config.kernel = since::kKtls;
    EXPECT_EQ(refusal(*find_path(path), config), "");
    config.kernel = {4, 12};
    const std::string reason = refusal(*find_path(path), config);
    for (const char* const part : {"4.12", "4.13", "user_tls"}) {
      EXPECT_NE(reason.find(part), std::string::npos) << reason;
    }
  }
  EXPECT_EQ(refusal(*find_path("user_tls"), config), "");
}

TEST(Capabilities, ClientsThatInsistOnTlsOrCompressionRefuseWhatDoesNotDoIt) {
  Config config = small();
  config.workload.transform = Transformation::kTls;
  const std::string reason = refusal(*find_path("sendfile"), config);
  for (const char* const part :
       {"sendfile", "workload.transform = tls", "ktls_sendfile", "user_tls"}) {
    EXPECT_NE(reason.find(part), std::string::npos) << reason;
  }
  EXPECT_EQ(refusal(*find_path("ktls_sendfile"), config), "");
  EXPECT_NE(refusal(*find_path("compress_write"), config), "");
  config.workload.transform = Transformation::kCompress;
  EXPECT_EQ(refusal(*find_path("compress_write"), config), "");
  EXPECT_NE(refusal(*find_path("user_tls"), config), "");
}

// What crosses the wire is not what the file holds, and the file does not cross it.
TEST(Capabilities, RealTextIsCompressedForReal) {
  Config config = small();
  config.workload.data = Data::kBytes;
  const Result blocks = simulate_apart(config, "compress_write");
  EXPECT_TRUE(blocks.delivered_ok);
  EXPECT_NEAR(static_cast<double>(traffic_of(config, blocks).sent) / 1'000'003,
              config.workload.compress_ratio, 0.02);
  config.workload.compress_ratio = 1;
  const Result noise = simulate_apart(config, "compress_write");
  EXPECT_TRUE(noise.delivered_ok);
  EXPECT_GT(traffic_of(config, noise).sent, traffic_of(config, noise).payload);
}

// Real bytes, whole files of an odd size and ranges at odd offsets, on every kind of NIC.
TEST(Capabilities, EveryPathDeliversEveryByte) {
  for (const unsigned kind : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U}) {
    for (const std::uint64_t range : {0, 3'333}) {
      Config config;
      config.nic.scatter_gather = (kind & 1U) == 0;
      config.nic.checksum_offload = (kind & 2U) == 0;
      config.page_cache.warm = (kind & 4U) == 0 ? 0 : 1;
      config.workload.file_size = Bytes(range == 0 ? 49'991 : 9'999);
      config.workload.range = Bytes(range);
      config.workload.requests = 3;
      config.workload.chunk = Bytes(10'240);
      config.workload.data = Data::kBytes;
      for (const auto& [path, result] : simulate_apart(config)) {
        EXPECT_TRUE(result.delivered_ok) << path << " on NIC " << kind << ", range " << range;
      }
    }
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
