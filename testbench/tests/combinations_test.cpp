// Whole machines at the edges: every key at the ends of its range, and random combinations of odd
// sizes and tiny resources. Whatever the machine, every byte arrives, in order, and is counted.
// The seeds are fixed; a failure prints the keys that differ from the defaults.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "testbench/keys.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"
#include "testbench/tests/settings_bench.h"

namespace copypath {
namespace {

void expect_delivery(const Settings& settings) {
  SCOPED_TRACE(text_of(settings));
  const Config config = configured(settings);
  try {
    for (const auto& [path, result] : simulate_apart(config)) {
      EXPECT_TRUE(result.delivered_ok) << path;
      SCOPED_TRACE(path);
      expect_calls(config, result);
      const Traffic traffic = traffic_of(config, result);
      const std::uint64_t more =  // copies of what is sent, for want of a better NIC or client
          (copies_of(path, config) - oracle_of(path, config).cpu_copies) * traffic.sent;
      EXPECT_EQ(metric_of(result, "payload_bytes"), traffic.payload);
      EXPECT_EQ(metric_of(result, "cpu_copied_bytes"), traffic.copied + more);
      EXPECT_EQ(metric_of(result, "cpu_crypto_bytes"), traffic.crypto);
      EXPECT_EQ(metric_of(result, "bus_bytes"), metric_of(result, "dma_bytes") +
                                                    metric_of(result, "cpu_checksum_bytes") +
                                                    traffic.cores + passes(more, config));
      EXPECT_EQ(moved(result, "tls_framing"), traffic.framing);
      expect_shares(result);
    }
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

// ---- Every key at both ends of its range, the others at their defaults.

class KeyEdge : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> keys_with_range() {
  // The most of these is more than a test can simulate; their least is covered elsewhere.
  const std::set<std::string> left_out{
      "workload.clients", "workload.files",         "workload.requests",      "workload.file_size",
      "workload.range",   "faults.disk_error_rate", "faults.disconnect_after"};
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    if (key.accepted.find(" to ") != std::string::npos && left_out.count(key.name) == 0) {
      names.push_back(key.name);
    }
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(, KeyEdge, ::testing::ValuesIn(keys_with_range()), [](const auto& suite) {
  std::string name = suite.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST_P(KeyEdge, BothEndsDeliver) {
  const std::string& accepted = find_key(GetParam())->accepted;
  const std::size_t to = accepted.find(" to ");
  const char* const size = GetParam() == "workload.chunk" ? "7001B" : "70001B";
  const std::string most = accepted.substr(to + 4, accepted.find(',') - to - 4);
  for (const std::string& value : {accepted.substr(0, to), most}) {
    for (const char* const chunk : {"5003B", "60001B"}) {  // primes, so that nothing fits
      const Settings settings{
          {"workload.file_size", size}, {"workload.chunk", chunk}, {GetParam(), value}};
      if (broken_rule(configured(settings)).empty()) expect_delivery(settings);
    }
  }
}

// ---- Random combinations.

class Combination : public ::testing::TestWithParam<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Seed, Combination, ::testing::Range(1U, 7U));

const std::vector<Choice>& choices() {
  static const std::vector<Choice> kChoices{
      {"timing", {"fluid", "fluid", "fluid", "burst"}},
      {"host.kernel", {"4.12", "4.17", "4.18", "5.18", "6.18", "6.18"}},
      {"cpu.cores", {"1", "2", "3", "8"}},
      {"cpu.syscall", {"0ns", "100ns", "5us"}},
      {"cpu.context_switch", {"0ns", "1us", "20us"}},
      {"cpu.time_slice", {"1us", "10us", "3ms"}},
      {"cpu.interrupt", {"0ns", "1us", "10us"}},
      {"cpu.copy_rate", {"100MB/s", "10GB/s", "1TB/s"}},
      {"cpu.page_lookup", {"0ns", "20ns", "3us"}},
      {"cpu.pin_page", {"0ns", "20ns", "3us"}},
      {"cpu.zerocopy_notify", {"0ns", "400ns", "20us"}},
      {"memory.bandwidth", {"500MB/s", "4GB/s", "128GB/s"}},
      {"memory.arbitration", {"round_robin", "priority", "weighted"}},
      {"memory.write_allocate", {"false", "true"}},
      {"memory.latency", {"0ns", "90ns", "5us"}},
      {"cache.size", {"none", "none", "64KiB", "1MiB", "32MiB"}},
      {"cache.ddio", {"0", "0.1", "1"}},
      {"cpu.copy_rate_cached", {"1TB/s", "3TB/s"}},
      {"page_cache.size", {"1MiB", "1MiB", "1GiB"}},
      {"page_cache.warm", {"0", "0.3", "1"}},
      {"page_cache.readahead", {"4KiB", "12KiB", "128KiB", "512KiB"}},
      {"page_cache.folio", {"4KiB", "4KiB", "16KiB", "64KiB"}},
      {"page_cache.fault_around", {"4KiB", "64KiB"}},
      {"pipe.size", {"4KiB", "64KiB", "1MiB"}},
      {"nic.scatter_gather", {"true", "true", "false"}},
      {"nic.checksum_offload", {"true", "true", "false"}},
      {"nic.segmentation_offload", {"true", "true", "false"}},
      {"host.kernel", {"4.16", "6.4", "6.17", "6.18"}},
      {"workload.map_populate", {"false", "true"}},
      {"workload.stream_buffer", {"512B", "8KiB", "100000B"}},
      {"disk.bandwidth", {"50MB/s", "6.5GB/s"}},
      {"disk.latency", {"0ns", "3us", "80us"}},
      {"disk.channels", {"1", "2", "64"}},
      {"disk.queue_depth", {"2", "3", "32"}},
      {"disk.kind", {"nvme", "nvme", "sata_ssd", "hdd"}},
      {"disk.count", {"1", "1", "2", "5"}},
      {"disk.stripe", {"4KiB", "12KiB", "512KiB"}},
      {"disk.order", {"fifo", "elevator"}},
      {"disk.firmware", {"0ns", "20us"}},
      {"nic.rate", {"100Mbps", "10Gbps", "400Gbps"}},
      {"nic.mtu", {"576B", "1500B", "4000B", "9000B"}},
      {"pcie.nic_generation", {"1", "3"}},
      {"pcie.nic_lanes", {"1", "8", "16"}},
      {"pcie.disk_generation", {"1", "4"}},
      {"pcie.disk_lanes", {"1", "4"}},
      {"pcie.max_payload", {"128B", "256B", "4KiB"}},
      {"pcie.max_read_request", {"128B", "512B"}},
      {"pcie.read_completion", {"64B", "max_payload"}},
      {"nic.tls_offload", {"none", "bounce", "zerocopy"}},
      {"nic.ring", {"19", "20", "37", "64", "1024"}},
      {"nic.queues", {"1", "1", "2", "5"}},
      {"nic.count", {"1", "1", "2"}},
      {"nic.fifo", {"9018B", "10000B", "70000B", "160KiB"}},
      {"nic.interrupt_delay", {"0ns", "3us", "50us", "1ms"}},
      {"socket.send_buffer", {"9000B", "16KiB", "100000B", "256KiB"}},
      {"socket.window", {"9000B", "65535B", "100000B", "4MiB"}},
      {"socket.optmem", {"1KiB", "3KiB", "128KiB"}},
      {"workload.batch", {"1", "3", "16"}},
      {"workload.buffers", {"1", "2", "5", "enough"}},
      {"workload.retry", {"5us", "50us", "3ms"}},
      {"socket.receive_buffer", {"4KiB", "65536B", "100000B", "6MiB"}},
      {"socket.rtt", {"0ns", "100us", "10ms"}},
      {"workload.clients", {"1", "2", "5", "9"}},
      {"workload.requests", {"1", "2", "3"}},
      {"workload.data", {"tags", "bytes"}},
      {"workload.client_rate", {"none", "none", "20MB/s"}},
      {"nic.link", {"ethernet", "ethernet", "loopback"}},
      {"workload.sink", {"discard", "copy"}},
      {"workload.file_size",
       {"1B", "1447B", "4097B", "65536B", "65537B", "99991B", "200001B", "524287B"}},
      {"workload.chunk", {"997B", "4095B", "4096B", "10007B", "64KiB", "65537B", "1MB"}},
  };
  return kChoices;
}

TEST_P(Combination, DeliversEveryByte) {
  std::mt19937 random(GetParam());
  for (int i = 0; i < 10; ++i) {
    Settings settings = chosen(choices(), random);
    const unsigned clients = configured(settings).workload.clients;
    const auto files = random() % (clients + 1);
    if (files > 0) settings.emplace_back("workload.files", fmt::format("{}", files));
    ASSERT_EQ(broken_rule(configured(settings)), "");
    expect_delivery(settings);
  }
}

}  // namespace
}  // namespace copypath
