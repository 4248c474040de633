// Laws of the log broker: every consumer gets its log, in order, fetch by fetch; without copies the
// cost of serving goes by fetches, with them by bytes; whoever comes second finds the records in
// memory; a follower costs what a consumer costs.
#include <gtest/gtest.h>

#include <cmath>

#include "models/ledger/histogram.h"
#include "models/workload/log.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

double value(const Result& result, const std::string& metric) { return *result.value(metric); }

Config broker(unsigned clients, Bytes lag) {
  Config config;
  config.workload.kind = WorkloadKind::kLogBroker;
  config.workload.clients = clients;
  config.broker.lag = lag;
  return config;
}

/// The least-squares line through points: how much y grows per x, and where it begins.
struct Line {
  double slope;
  double intercept;
};
Line fitted(const std::vector<std::pair<double, double>>& points) {
  double x = 0, y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(points.size());
  for (const auto& [a, b] : points) {
    x += a;
    y += b;
    xx += a * a;
    xy += a * b;
  }
  const double slope = (n * xy - x * y) / (n * xx - x * x);
  return {slope, (y - slope * x) / n};
}

TEST(LogBroker, EveryClientGetsItsLogFetchByFetch) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const unsigned logs : {1U, 2U}) {
      for (const Bytes fetch : {Bytes(30'000), kMiB}) {
        Config config = broker(3, Bytes(500'000));
        config.workload.data = data;
        config.broker.partitions = logs;
        config.broker.segment = Bytes(131'072);
        config.broker.fetch = fetch;
        config.broker.followers = 1;
        config.socket.send_buffer = kKiB * 64;
        std::uint64_t fetches = 0;  // a response is from one segment
        for (Bytes at; at < config.broker.lag; at += config.broker.segment) {
          fetches += units_covering(std::min(config.broker.segment, config.broker.lag - at), fetch);
        }
        const auto results = simulate_apart(config);
        EXPECT_EQ(results.size(), 5U);
        for (const auto& [path, result] : results) {
          EXPECT_TRUE(result.delivered_ok) << path;
          EXPECT_EQ(value(result, "corrupted_bytes"), 0) << path;
          EXPECT_EQ(value(result, "payload_bytes"), 1'500'000) << path;
          EXPECT_EQ(value(result, "fetches"), 3.0 * static_cast<double>(fetches)) << path;
          EXPECT_EQ(value(result, "consumers.2.fetches"), static_cast<double>(fetches)) << path;
          ASSERT_EQ(result.consumers.size(), 3U);
          EXPECT_FALSE(result.consumers[1].follower);
          EXPECT_TRUE(result.consumers[2].follower);
        }
      }
    }
  }
}

// Two copies of every byte, or of the headers alone.
TEST(LogBroker, CopiesPerByteAreThoseOfThePath) {
  Config config = broker(4, Bytes(2'000'000));
  config.page_cache.warm = 1;
  const Result copies = simulate_apart(config, "read_write");
  const Result sendfile = simulate_apart(config, "sendfile");
  const double headers = value(sendfile, "fetches") * 100;
  EXPECT_EQ(value(sendfile, "cpu_copied_bytes"), headers);
  EXPECT_EQ(value(copies, "cpu_copied_bytes"), 2.0 * 8'000'000 + headers);
}

// What a consumer costs: so much per fetch, so much per byte. Sweeps of the number of fetches, and
// of the bytes of each, as lines.
class Cost {
public:
  explicit Cost(const std::string& path) : path_(path) {}

  double of(double fetches, Bytes bytes) const {
    Config config = broker(1, bytes * static_cast<std::uint64_t>(fetches));
    config.page_cache.warm = 1;
    config.page_cache.folio = kKiB * 64;
    config.broker.fetch = bytes;
    config.socket.rtt = milliseconds(1);  // no fetch meets what the one before has left
    return value(simulate_apart(config, path_), "cpu_busy_s");
  }
  Line by_fetches(Bytes bytes) const {
    std::vector<std::pair<double, double>> points;
    for (const double fetches : {100.0, 200.0, 400.0, 800.0}) {
      points.emplace_back(fetches, of(fetches, bytes));
    }
    return fitted(points);
  }
  /// Per byte of a fetch, over fetches of so many pages.
  Line by_bytes(const std::vector<std::uint64_t>& sizes) const {
    constexpr double kFetches = 200;
    std::vector<std::pair<double, double>> points;
    for (const std::uint64_t pages : sizes) {
      points.emplace_back(static_cast<double>((kPageSize * pages).count()),
                          of(kFetches, kPageSize * pages) / kFetches);
    }
    return fitted(points);
  }

private:
  std::string path_;
};

TEST(LogBroker, WithoutCopiesServingCostsByFetchesNotByBytes) {
  const Cost copies("read_write");
  const Cost sendfile("sendfile");
  // In fetches both are lines through the origin.
  for (const Cost& cost : {copies, sendfile}) {
    const Line line = cost.by_fetches(kKiB * 64);
    EXPECT_LT(std::abs(line.intercept), 0.02 * cost.of(800, kKiB * 64));
    EXPECT_NEAR(line.slope * 800, cost.of(800, kKiB * 64), 0.02 * line.slope * 800);
  }
  // In bytes, two copies at 10 GB/s are a slope. What sendfile() passes costs nothing as long as it
  // fits a packet of 64 KiB; then each packet costs something, a fraction of the copies.
  const std::vector<std::uint64_t> in_a_packet{1, 4, 8, 15};
  const std::vector<std::uint64_t> in_packets{32, 64, 128, 256};
  const double copied = copies.by_bytes(in_a_packet).slope;
  EXPECT_GT(copied, 2 / 10e9);
  EXPECT_LT(sendfile.by_bytes(in_a_packet).slope, 0.05 * copied);
  EXPECT_LT(sendfile.by_bytes(in_packets).slope, 0.2 * copies.by_bytes(in_packets).slope);
  // Fifteen times as much in every fetch: the one costs a multiple, the other the same.
  EXPECT_GT(copies.of(200, kPageSize * 15), 2.5 * copies.of(200, kPageSize));
  EXPECT_LT(sendfile.of(200, kPageSize * 15), 1.05 * sendfile.of(200, kPageSize));
}

// The first consumer waits for a hard disk, the one that comes later does not.
TEST(LogBroker, WhoComesSecondFindsTheRecordsInMemory) {
  Config config = broker(2, kMiB * 20);
  config.disk.kind = DiskKind::kHdd;
  config.disk.queue_depth = 32;
  config.disk.bandwidth = Rate(200e6);
  config.broker.stagger = milliseconds(1000);
  config.broker.fetch = kKiB * 256;
  config.socket.send_buffer = kMiB;
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_EQ(value(result, "consumers.0.page_cache_hits"), 0);
  EXPECT_EQ(value(result, "consumers.0.page_cache_misses"), 20 * 256);
  EXPECT_EQ(value(result, "consumers.1.page_cache_hits"), 20 * 256);
  EXPECT_EQ(value(result, "consumers.1.page_cache_misses"), 0);
  EXPECT_GE(value(result, "consumers.0.fetch_median_s"), 1e-3);
  EXPECT_LE(value(result, "consumers.1.fetch_p99_s"), 100e-6);
  EXPECT_EQ(value(result, "disk_bytes"), 20.0 * 1024 * 1024);
}

TEST(LogBroker, AFollowerCostsWhatAConsumerCosts) {
  for (const char* path : {"read_write", "sendfile"}) {
    Config config = broker(4, Bytes(5'000'000));
    config.page_cache.warm = 1;
    const Result consumers = simulate_apart(config, path);
    config.broker.followers = 2;
    const Result followers = simulate_apart(config, path);
    // But for the fetch with which a follower says that it has the last records.
    const double more = value(followers, "syscalls.recv") - value(consumers, "syscalls.recv");
    EXPECT_LE(more, 2) << path;
    EXPECT_NEAR(value(followers, "cpu_busy_s"), value(consumers, "cpu_busy_s"),
                0.01 * value(consumers, "cpu_busy_s"))
        << path;
  }
}

// 1000 bytes, a million times a second: two copies of a gigabyte, or none.
TEST(LogBroker, AMillionRecordsASecondAreTwoGigabytesOfCopies) {
  Config config = broker(10, Bytes(20'000'000));
  config.broker.partitions = 10;
  config.broker.record = Bytes(1000);
  config.broker.fetch = Bytes(10'000'000);  // so that round trips take next to nothing
  config.page_cache.warm = 1;
  config.workload.client_rate = Rate(100e6);
  const Result copies = simulate_apart(config, "read_write");
  const Result sendfile = simulate_apart(config, "sendfile");
  for (const Result& result : {copies, sendfile}) {
    EXPECT_NEAR(value(result, "records_per_s"), 1e6, 0.03e6);
  }
  const double seconds = value(copies, "elapsed_s");
  EXPECT_NEAR(value(copies, "cpu_copied_bytes") / seconds, 2e9, 0.06e9);
  EXPECT_EQ(value(sendfile, "cpu_copied_bytes"), 100 * value(sendfile, "fetches"));
}

// A quantile is the end of the interval that it falls into: an eighth more at most.
TEST(Histogram, KnowsQuantilesToWithinAnEighth) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), sc_time());
  for (int i = 1; i <= 1000; ++i) histogram.add(nanoseconds(i * 1000.0));
  for (const double share : {0.01, 0.25, 0.5, 0.99}) {
    const double exact = share * 1e-3;
    EXPECT_GE(histogram.quantile(share).to_seconds(), exact);
    EXPECT_LE(histogram.quantile(share).to_seconds(), exact * 1.125 + 1e-9);
  }
  EXPECT_EQ(histogram.quantile(1), nanoseconds(1e6)) << "no more than the most";
}

TEST(Histogram, IntervalsFollowOneAnother) {
  for (unsigned i = 0; i + 1 < Histogram::intervals(); ++i) {
    Histogram before, after;
    const sc_time step = sc_time::from_value(1000);
    before.add(Histogram::end_of(i) - step);
    after.add(Histogram::end_of(i));
    EXPECT_EQ(before.in(i), 1U) << i;
    EXPECT_EQ(after.in(i + 1), 1U) << i;
  }
}

}  // namespace
}  // namespace copypath
