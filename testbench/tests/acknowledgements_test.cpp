// Laws of what comes back from the clients: acknowledgements and requests are frames of 66 bytes
// that take the wire, a receive buffer, DMA and memory, and change nothing that payload does.
#include <gtest/gtest.h>

#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

/// Three files of two full packets each, one after the other.
constexpr std::uint64_t kPacket = 45 * 1448;
Config serving() {
  Config config;
  config.workload.file_size = Bytes(2 * kPacket);
  config.workload.requests = 3;
  config.workload.chunk = Bytes(2 * kPacket);
  return config;
}

// The last acknowledgements are on their way when the run ends.
TEST(Acknowledgements, OnePerPacketThatTheClientMergesAndARequestPerFile) {
  const Result result = simulate_apart(serving(), "sendfile");
  EXPECT_LE(metric_of(result, "rx_packets"), 3 * 2 + 2U) << "the first request was there before";
  EXPECT_GE(metric_of(result, "rx_packets"), 2 * 2 + 2U);
}

TEST(Acknowledgements, OnePerSecondSegmentWithoutMerging) {
  Config config = serving();
  config.socket.ack_every = 2;
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_LE(metric_of(result, "rx_packets"), 3 * 2 * 23 + 2U);
  EXPECT_GE(metric_of(result, "rx_packets"), 2 * 2 * 23 + 2U);
}

TEST(Acknowledgements, EachFrameTakesWireDescriptorAndMemory) {
  for (const unsigned every : {0U, 2U}) {
    Config config;
    config.workload.file_size = Bytes(1'000'001);
    config.workload.clients = 3;
    config.workload.requests = 2;
    config.socket.ack_every = every;
    for (const auto& [path, result] : simulate_apart(config)) {
      const std::uint64_t frames = metric_of(result, "rx_packets");
      const std::uint64_t text = frames == 0 ? 0 : 3 * kRequestText.count();  // of second requests
      EXPECT_EQ(metric_of(result, "rx_wire_bytes"), moved(result, "receive") + 90 * frames + text)
          << path;
      // Frames that have come, but wait for an interrupt when the run ends, are not placed.
      EXPECT_LE(moved(result, "receive_frames"), frames * (66 + 16) + text) << path;
      EXPECT_GE(moved(result, "receive_frames"), frames * (66 + 16) * 9 / 10) << path;
      EXPECT_EQ((moved(result, "receive_frames") - text) % (66 + 16), 0U) << path;
    }
  }
}

// What they take is control traffic: what is said about payload stays as it is.
TEST(Acknowledgements, MorePerPacketChangeNoCrossingOfPayload) {
  Config config;
  config.workload.file_size = Bytes(1'000'001);
  config.workload.clients = 2;
  const auto merged = simulate_apart(config);
  config.socket.ack_every = 2;
  for (const auto& [path, result] : simulate_apart(config)) {
    EXPECT_TRUE(result.delivered_ok) << path;
    for (const char* const metric : {"bus_bytes", "dma_bytes", "cpu_copied_bytes", "disk_bytes"}) {
      EXPECT_EQ(metric_of(result, metric), metric_of(merged.at(path), metric)) << path << metric;
    }
    if (kOracle.at(path).proxy) continue;  // whose rest is the payload's
    EXPECT_GT(metric_of(result, "bus_overhead_bytes"),
              metric_of(merged.at(path), "bus_overhead_bytes"))
        << path;
  }
}

TEST(Acknowledgements, EachTakesItsTimeOfTheCore) {
  Config config = serving();
  config.socket.ack_every = 2;
  config.workload.requests = 1;
  config.workload.file_size = Bytes(20 * kPacket);
  const double before = *simulate_apart(config, "sendfile").value("cpu_busy_s");
  config.cpu.acknowledgement = microseconds(1);
  const Result result = simulate_apart(config, "sendfile");
  const double acknowledgements = *result.value("rx_packets");
  EXPECT_NEAR(*result.value("cpu_busy_s") - before, acknowledgements * 1e-6,
              0.15 * acknowledgements * 1e-6)
      << "but for the last ones";
}

// A byte takes 91 bytes of the wire, its acknowledgement and the next request 276 of the other one.
TEST(Acknowledgements, RequestsCanFillTheReceiveWire) {
  Config config = serving();
  config.nic.rate = Rate::bits(10e6);
  config.page_cache.warm = 1;
  config.workload.clients = 50;
  config.workload.requests = 20;
  config.workload.file_size = Bytes(1);
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_GT(*result.value("nic_rx_utilisation"), 0.95);
  EXPECT_LE(*result.value("nic_rx_utilisation"), 1);
  EXPECT_LT(*result.value("nic_utilisation"), 0.5);
  EXPECT_EQ(result.bottleneck, "nic");
}

// 200 buffers of 9 KB, and requests of 600 clients between two interrupts: the others wait on the
// chip until the driver has given back what it has seen.
TEST(Acknowledgements, MoreFramesThanBuffersWaitOnTheChip) {
  for (const unsigned queues : {1U, 2U}) {
    Config config = serving();
    config.nic.mtu = Bytes(9000);
    config.nic.rate = Rate(5e9);
    config.nic.queues = queues;
    config.page_cache.warm = 1;
    config.workload.clients = 600;
    config.workload.requests = 2;
    config.workload.file_size = Bytes(1000);
    const Result result = simulate_apart(config, "sendfile");
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_GE(*result.value("rx_packets"), 1200);
  }
}

}  // namespace
}  // namespace copypath
