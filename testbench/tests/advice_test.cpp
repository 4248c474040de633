// Laws of advice: what must not be used is ruled out, each path with its reason, and nothing else;
// what is recommended does best of the rest; what would matter next is what the model says it is.
#include "testbench/advice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/paths/path.h"
#include "testbench/keys.h"
#include "testbench/simulations.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

std::vector<Result> simulate_experiments(const std::vector<Experiment>& experiments) {
  if (experiments.empty()) return {};
  std::vector<Simulation> simulations(experiments.size());
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    simulations[i].path = experiments[i].path;
    simulations[i].config = &experiments[i].config;
  }
  RunAllOptions options;
  options.show_progress = false;
  run_all(experiments.front().config, simulations, options);
  std::vector<Result> results;
  for (const Simulation& simulation : simulations) results.push_back(simulation.result);
  return results;
}

std::vector<std::string> all_paths() {
  std::vector<std::string> names;
  for (const Path* path : paths()) names.emplace_back(path->name);
  return names;
}

Config small() {
  Config config;
  config.workload.clients = 8;
  config.workload.file_size = Bytes(4'000'000);
  return config;
}

Advice advise_on(const Config& config, const std::string& base = "read_write") {
  return advise(config, all_paths(), base, simulate_experiments);
}

std::set<std::string> ruled_out(const Advice& advice) {
  std::set<std::string> names;
  for (const RuledOut& entry : advice.ruled_out) {
    EXPECT_FALSE(entry.reason.empty()) << entry.path;
    names.insert(entry.path);
  }
  return names;
}

TEST(Advice, EveryPathIsTriedOrRuledOut) {
  const Advice advice = advise_on(small());
  EXPECT_EQ(advice.results.size() + ruled_out(advice).size(), paths().size());
  EXPECT_EQ(advice.results[advice.base].path, "read_write");
  EXPECT_EQ(ruled_out(advice),
            (std::set<std::string>{"user_tls", "user_tls_mmap", "ktls_sendfile", "ktls_write",
                                   "compress_write", "proxy_read_write", "proxy_splice", "pread",
                                   "mmap_read", "java_transfer_to", "copy_via_buffered_stream",
                                   "copy_read_write", "copy_sendfile", "pipe_write_read",
                                   "pipe_vmsplice_read", "pipe_vmsplice_splice"}))
      << "nobody asked for TLS, for another server's files, in which language, or for anything "
         "that "
         "sends nothing";
}

// The wire is the limit of the textbook machine: every path fills it, and the cheapest wins.
TEST(Advice, WhereTheWireIsTheLimitTheNextLinkMatters) {
  const Advice advice = advise_on(small());
  const Result& use = advice.results[advice.use];
  for (const std::size_t i : fastest(advice.results)) {
    EXPECT_GE(*advice.results[i].value("cpu_s_per_GB"), *use.value("cpu_s_per_GB") / (1 + kTie));
  }
  EXPECT_EQ(*use.value("cpu_copied_bytes"), 0);
  ASSERT_TRUE(advice.next);
  EXPECT_EQ(advice.effects[*advice.next].change.settings[0].first, "nic.rate");
  EXPECT_GT(advice.effects[*advice.next].throughput_gain, 0.5);
}

// read() + write() on a machine whose bus is full of copies gains from memory; sendfile() does not.
TEST(Advice, WhereTheBusIsTheLimitMemoryMatters) {
  Config config = small();
  config.memory.bandwidth = Rate(4e9);  // 3 GB/s are used: 0.5 GB/s with six crossings
  const Advice with_copies = advise(config, {"read_write"}, "read_write", simulate_experiments);
  ASSERT_TRUE(with_copies.next);
  const Effect& next = with_copies.effects[*with_copies.next];
  EXPECT_EQ(next.change.settings[0].first, "memory.bandwidth");
  EXPECT_NEAR(next.throughput_gain, 1, 0.1) << "twice the bandwidth, twice the throughput";
  const Advice without = advise(config, {"sendfile"}, "sendfile", simulate_experiments);
  ASSERT_TRUE(without.next);
  EXPECT_EQ(without.effects[*without.next].change.settings[0].first, "nic.rate");
}

// Who may not let others change what is sent must not pass references to the pages of the file:
// those that the ledger shows, which are those for which Linux documents it.
TEST(Advice, AnUntrustedModifierRulesOutReferences) {
  Config config = small();
  const std::set<std::string> before = ruled_out(advise_on(config));
  config.workload.modifier = Modifier::kUntrusted;
  const Advice advice = advise_on(config);
  std::set<std::string> more;
  const std::set<std::string> now = ruled_out(advice);
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                      std::inserter(more, more.end()));
  EXPECT_EQ(more, (std::set<std::string>{"sendfile", "splice", "msg_zerocopy_mmap"}));
  // What is left copies, or sends from memory that is the server's alone.
  EXPECT_EQ(moved(advice.results[advice.use], "transmit_page"), 0U);
}

TEST(Advice, TlsKeepsOnlyWhoEncrypts) {
  Config config = small();
  config.workload.transform = Transformation::kTls;
  const Advice advice = advise_on(config, "user_tls");
  std::set<std::string> tried;
  for (const Result& result : advice.results) tried.insert(result.path);
  EXPECT_EQ(tried,
            (std::set<std::string>{"user_tls", "user_tls_mmap", "ktls_sendfile", "ktls_write"}));
  EXPECT_EQ(advice.results[advice.use].path, "ktls_sendfile");
  const auto offload = std::find_if(
      advice.effects.begin(), advice.effects.end(),
      [](const Effect& effect) { return effect.change.settings[0].first == "nic.tls_offload"; });
  ASSERT_NE(offload, advice.effects.end());
  EXPECT_GT(offload->cpu_saving, 0.5) << "no core encrypts any more";
  EXPECT_EQ(*offload->result.value("cpu_crypto_bytes"), 0);
}

TEST(Advice, AnOldKernelRulesOutWhatItHasNot) {
  Config config = small();
  config.kernel = {4, 12};
  const Advice advice = advise_on(config);
  const std::set<std::string> gone = ruled_out(advice);
  EXPECT_EQ(gone.count("msg_zerocopy_read"), 1U);
  EXPECT_EQ(gone.count("io_uring_zc"), 1U);
  EXPECT_EQ(gone.count("sendfile"), 0U);
  const bool tries_a_newer_one = std::any_of(
      advice.effects.begin(), advice.effects.end(),
      [](const Effect& effect) { return effect.change.settings[0].first == "host.kernel"; });
  EXPECT_TRUE(tries_a_newer_one);
}

TEST(Advice, SmallMessagesMakeNotificationsDear) {
  Config config;
  config.workload.file_size = Bytes(4096);  // a message for each request, as in small_messages.ini
  config.workload.requests = 200;
  config.workload.chunk = kMiB;
  config.page_cache.warm = 1;
  const Advice advice =
      advise(config, {"read_write", "msg_zerocopy_read"}, "read_write", simulate_experiments);
  EXPECT_EQ(advice.results[advice.use].path, "read_write");
  ASSERT_EQ(ruled_out(advice), std::set<std::string>{"msg_zerocopy_read"});
  const std::string& reason = advice.ruled_out.front().reason;
  EXPECT_EQ(reason.find("saves copies that cost less than it does with 4KiB at a time: "), 0U)
      << reason;
  config.workload.file_size = kMiB;
  const Advice large =
      advise(config, {"read_write", "msg_zerocopy_read"}, "read_write", simulate_experiments);
  EXPECT_TRUE(large.ruled_out.empty());
  EXPECT_EQ(large.results[large.use].path, "msg_zerocopy_read");
}

TEST(Advice, NothingIsLeftWhereNothingFits) {
  Config config = small();
  config.workload.transform = Transformation::kCompress;
  const Advice advice = advise(config, {"sendfile"}, "sendfile", simulate_experiments);
  EXPECT_TRUE(advice.results.empty());
  EXPECT_EQ(advice.ruled_out.size(), 1U);
  EXPECT_FALSE(advice.next);
}

/// The keys that the candidates change.
std::set<std::string> keys_tried(const Config& config) {
  std::set<std::string> names;
  for (const Change& change : candidate_changes(config)) {
    for (const auto& [name, text] : change.settings) names.insert(name);
  }
  return names;
}

TEST(Candidates, ReachEveryDeviceThatThereIs) {
  Config config = small();
  const std::set<std::string> names = keys_tried(config);
  for (const char* key : {"nic.queues", "nic.count", "disk.count"}) {
    EXPECT_EQ(names.count(key), 1U) << key;
  }
  EXPECT_EQ(names.count("numa.page_cache"), 0U) << "there is one node";
  EXPECT_EQ(names.count("cache.size"), 0U) << "there is none";
  config.workload.clients = 1;
  EXPECT_EQ(keys_tried(config).count("nic.count"), 0U) << "one connection uses one NIC";
  config.cache.size = kMiB * 8;
  EXPECT_EQ(keys_tried(config).count("cache.size"), 1U);
  EXPECT_EQ(keys_tried(config).count("cache.ddio"), 1U);
  config.workload.kind = WorkloadKind::kWebServer;
  EXPECT_EQ(keys_tried(config).count("web.workers"), 1U);
  config.workload.kind = WorkloadKind::kLogBroker;
  EXPECT_EQ(keys_tried(config).count("broker.fetch"), 1U);
  EXPECT_EQ(keys_tried(config).count("workload.chunk"), 0U);
}

// Every byte crosses a narrow fabric twice, since all memory is on the other node.
TEST(Advice, WhereTheFabricIsTheLimitPlacementMatters) {
  Config config = small();
  config.nic.rate = Rate::bits(100e9);
  config.pcie.nic = {5, 16};
  config.page_cache.warm = 1;
  config.numa.nodes = 2;
  config.numa.fabric_bandwidth = Rate(1e9);
  config.numa.page_cache = Placement::kNode1;
  config.numa.memory = Placement::kNode1;
  const Advice advice =
      advise(config, {"read_write", "sendfile"}, "read_write", simulate_experiments);
  EXPECT_EQ(advice.results[advice.use].bottleneck, "fabric");
  ASSERT_TRUE(advice.next);
  EXPECT_EQ(advice.effects[*advice.next].change.settings[0].first.substr(0, 5), "numa.");
  EXPECT_EQ(advice.effects[*advice.next].result.value("fabric_bytes"), 0.0);
}

TEST(Candidates, ChangeSomethingAndBreakNoRange) {
  for (const char* const rate : {"1Gbps", "800Gbps", "10Tbps"}) {
    Config config;
    find_key("nic.rate")->set(config, rate);
    config.nic.scatter_gather = false;
    config.kernel = {5, 0};
    for (const Change& change : candidate_changes(config)) {
      const Config other = changed(config, change);
      bool differs = false;
      for (const auto& [name, text] : change.settings) {
        differs = differs || find_key(name)->get(other) != find_key(name)->get(config);
      }
      EXPECT_TRUE(differs) << change.what;
    }
  }
}

}  // namespace
}  // namespace copypath
