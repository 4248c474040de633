// The result record: its table of metrics is complete and unambiguous, and its JSON form keeps
// every number exactly, in a fixed order, with null for what cannot be known.
#include "models/ledger/result.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace copypath {
namespace {

Result sample() {
  Result result;
  result.path = "sendfile";
  result.execution = "fluid";
  double value = 0.1;
  for (const Metric& metric : metrics()) {
    result.values[metric.name] = metric.integer ? 10'000'000'000.0 : value;
    value = value * 3 + 1e-9;
  }
  result.syscalls = {{"sendfile", 1526}, {"epoll_wait", 3}};
  result.bottleneck = "nic";
  result.delivered_ok = true;
  result.movements = {
      {"disk_read", "disk", "dma", "disk", "page cache", "the page was not resident", 10, 2}};
  return result;
}

TEST(Result, MetricNamesAreUniqueAndDescribed) {
  std::set<std::string> names;
  for (const Metric& metric : metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_STRNE(metric.description, "");
    EXPECT_EQ(find_metric(metric.name), &metric);
  }
}

TEST(Result, SystemCallsAreMetricsOfTheirOwn) {
  const Metric* metric = find_metric("syscalls.sendfile");
  ASSERT_NE(metric, nullptr);
  EXPECT_EQ(metric->unit, Unit::kCount);
  EXPECT_EQ(find_metric("syscalls.raed"), nullptr);
  EXPECT_EQ(find_metric("syscalls."), nullptr);
  EXPECT_EQ(find_metric("cpu_copied_byte"), nullptr);
}

TEST(Result, CallThatWasNotMadeIsZeroOnlyWhereCallsWereCounted) {
  Result result = sample();
  EXPECT_EQ(result.value("syscalls.sendfile"), 1526.0);
  EXPECT_EQ(result.value("syscalls.read"), 0.0);
  result.values.erase("syscalls_total");
  EXPECT_EQ(result.value("syscalls.read"), std::nullopt);
}

TEST(Result, JsonHasTheKeysOfTheDesignInTheirOrder) {
  const std::vector<std::string> expected{"path",
                                          "execution",
                                          "payload_bytes",
                                          "elapsed_s",
                                          "throughput_Bps",
                                          "cpu_busy_s",
                                          "cpu_s_per_GB",
                                          "server_cpu_s",
                                          "cpu_copied_bytes",
                                          "cpu_copies_per_byte",
                                          "dma_copies_per_byte",
                                          "cpu_crypto_bytes",
                                          "cpu_checksum_bytes",
                                          "dma_bytes",
                                          "bus_bytes",
                                          "bus_overhead_bytes",
                                          "bus_crossings_per_byte",
                                          "dram_bytes",
                                          "dram_read_bytes",
                                          "dram_written_bytes",
                                          "dram_crossings_per_byte",
                                          "bus_utilisation",
                                          "fabric_bytes",
                                          "fabric_crossings_per_byte",
                                          "fabric_utilisation",
                                          "syscalls",
                                          "syscalls_total",
                                          "mode_switches",
                                          "context_switches",
                                          "faults_minor",
                                          "faults_major",
                                          "faults_beyond_end",
                                          "page_cache_hits",
                                          "page_cache_misses",
                                          "page_cache_reads",
                                          "page_cache_evictions",
                                          "disk_bytes",
                                          "disk_written_bytes",
                                          "disk_queue_full",
                                          "disk_errors",
                                          "aborted_transfers",
                                          "ring_full",
                                          "send_buffer_waits",
                                          "interrupts",
                                          "packets",
                                          "wire_bytes",
                                          "rx_packets",
                                          "rx_wire_bytes",
                                          "rx_missed",
                                          "rx_no_buffer",
                                          "rx_pauses",
                                          "sent_file_bytes",
                                          "sent_other_file_bytes",
                                          "sent_user_bytes",
                                          "sent_kernel_bytes",
                                          "sent_linear_bytes",
                                          "received_file_bytes",
                                          "received_user_bytes",
                                          "received_kernel_bytes",
                                          "read_copied_bytes",
                                          "zerocopy_completions",
                                          "zerocopy_copied",
                                          "zerocopy_refused",
                                          "frames_lost",
                                          "retransmits",
                                          "retransmitted_bytes",
                                          "tls_resync_bytes",
                                          "corrupted_bytes",
                                          "nic_utilisation",
                                          "nic_rx_utilisation",
                                          "disk_utilisation",
                                          "fetches",
                                          "records_per_s",
                                          "appended_bytes",
                                          "dirty_bytes",
                                          "writers_throttled",
                                          "cpu_s_per_fetch",
                                          "fetch_median_s",
                                          "fetch_p99_s",
                                          "fetch_max_s",
                                          "cpu_utilisation",
                                          "bottleneck",
                                          "delivered_ok",
                                          "movements"};
  for (const Result& result : {sample(), Result{}}) {
    std::vector<std::string> keys;
    const auto json = to_json(result);
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    EXPECT_EQ(keys, expected);
  }
}

TEST(Result, UnknownValuesAreNullAndComeBackAsUnknown) {
  Result result = sample();
  result.values.erase("dram_bytes");
  result.bottleneck.clear();
  const auto json = to_json(result);
  EXPECT_TRUE(json.at("dram_bytes").is_null());
  EXPECT_TRUE(json.at("bottleneck").is_null());
  const Result back = result_from_json(json);
  EXPECT_EQ(back.value("dram_bytes"), std::nullopt);
  EXPECT_EQ(back.bottleneck, "");
}

TEST(Result, CountsAreWrittenAsIntegers) {
  const auto json = to_json(sample());
  for (const Metric& metric : metrics()) {
    EXPECT_EQ(json.at(metric.name).is_number_integer(), metric.integer) << metric.name;
  }
  EXPECT_NE(json.dump().find("\"payload_bytes\":10000000000,"), std::string::npos);
}

TEST(Result, JsonRoundTripsToTheLastBit) {
  const Result result = sample();
  const std::string text = to_json(result).dump();
  const Result back = result_from_json(nlohmann::ordered_json::parse(text));
  EXPECT_EQ(back.values, result.values);
  EXPECT_EQ(back.syscalls, result.syscalls);
  EXPECT_EQ(back.movements.at(0).reason, result.movements.at(0).reason);
  EXPECT_EQ(to_json(back).dump(), text);
}

}  // namespace
}  // namespace copypath
