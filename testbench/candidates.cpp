#include "testbench/candidates.h"

#include <array>

#include "testbench/key_numbers.h"
#include "testbench/rules.h"

namespace copypath {

namespace {

/// Ethernet as it is sold (IEEE 802.3), in bits per second.
constexpr std::array<double, 10> kEthernet{1e9,  2.5e9, 5e9,   10e9,  25e9,
                                           50e9, 100e9, 200e9, 400e9, 800e9};

/// The default is the newest whose rules are known.
constexpr KernelVersion kNewest;

class List {
public:
  explicit List(const Config& config) : config_(config) {}

  void times(const char* what, const char* name, double factor) {
    const Key& key = *find_key(name);
    const auto value = scaled(key, key.get(config_), factor);
    if (value) set(what, name, *value);
  }

  /// One more, of what is counted.
  void next(const char* what, const char* name) {
    const Key& key = *find_key(name);
    const double number = *number_of(key, key.get(config_));
    const auto value = scaled(key, key.get(config_), (number + 1) / number);
    if (value) set(what, name, *value);
  }

  void set(const std::string& what, const char* name, const std::string& value) {
    add({what, {{name, value}}});
  }

  /// Unless it changes nothing.
  void add(const Change& change) {
    const Config other = changed(config_, change);
    for (const auto& [name, value] : change.settings) {
      const Key& key = *find_key(name);
      if (key.get(other) == key.get(config_)) continue;
      list_.push_back(change);
      return;
    }
  }

  std::vector<Change> take() { return std::move(list_); }

private:
  const Config& config_;
  std::vector<Change> list_;
};

void add_link(const Config& config, List& list) {
  if (config.nic.link == Link::kLoopback) return;
  for (const double rate : kEthernet) {
    if (rate <= config.nic.rate.bytes_per_second() * 8) continue;
    const Key& key = *find_key("nic.rate");
    Config next = config;
    next.nic.rate = Rate::bits(rate);
    list.set("the next faster link", "nic.rate", key.get(next));
    break;
  }
  list.times("twice the NIC's queues", "nic.queues", 2);
  if (config.workload.clients > config.nic.count) list.next("one more NIC", "nic.count");
  list.next("the NIC on the next generation of PCIe", "pcie.nic_generation");
  if (config.nic.mtu < Bytes(9000)) list.set("jumbo frames", "nic.mtu", "9000B");
  list.add({"a NIC that gathers, checksums and segments",
            {{"nic.scatter_gather", "true"},
             {"nic.checksum_offload", "true"},
             {"nic.segmentation_offload", "true"}}});
  if (config.workload.transform == Transformation::kTls) {
    list.set("a NIC that encrypts TLS from the pages", "nic.tls_offload", "zerocopy");
  }
}

void add_cache(const Config& config, List& list) {
  if (config.cache.size == Bytes(0)) return;  // left out of the model, and not of the machine
  list.times("twice the last-level cache", "cache.size", 2);
  if (config.cache.ddio == 0) list.set("DMA into a tenth of the cache", "cache.ddio", "0.1");
}

/// Where things are, on a machine with two nodes.
void add_placements(const Config& config, List& list) {
  if (config.numa.nodes == 1) return;
  list.times("twice the fabric's bandwidth", "numa.fabric_bandwidth", 2);
  const std::string node = std::to_string(config.numa.server_node);
  list.add({"drive, NIC and memory on the server's node",
            {{"numa.disk_node", node},
             {"numa.nic_node", node},
             {"numa.page_cache", "server"},
             {"numa.memory", "server"}}});
  list.set("the page cache on the drive's node", "numa.page_cache", "disk");
  list.set("the page cache on the NIC's node", "numa.page_cache", "nic");
}

/// How much is asked for at a time, and by how many.
void add_requests(const Config& config, List& list) {
  switch (config.workload.kind) {
    case WorkloadKind::kWebServer:
      list.times("twice the workers", "web.workers", 2);
      list.times("four times the buffer", "web.buffer", 4);
      return;
    case WorkloadKind::kLogBroker:
      list.times("twice the network threads", "broker.threads", 2);
      list.times("four times the fetch", "broker.fetch", 4);
      return;
    case WorkloadKind::kFileCopy:
      list.times("four times the chunk", "workload.chunk", 4);
      list.times("four times the buffer", "workload.stream_buffer", 4);
      return;
    case WorkloadKind::kPipe:
      list.times("four times the chunk", "workload.chunk", 4);
      list.times("four times the pipe", "pipe.size", 4);
      list.set("huge pages", "workload.huge_pages", "true");
      list.set("programs that do not sleep", "workload.busy_loop", "true");
      return;
    default:
      list.times("four times the chunk", "workload.chunk", 4);
  }
}

}  // namespace

std::vector<Change> candidate_changes(const Config& config) {
  List list(config);
  list.times("twice the memory bandwidth", "memory.bandwidth", 2);
  list.times("twice the cores", "cpu.cores", 2);
  list.times("twice the disk's bandwidth", "disk.bandwidth", 2);
  list.next("the drive on the next generation of PCIe", "pcie.disk_generation");
  list.next("one more drive", "disk.count");
  list.times("twice the disk's channels", "disk.channels", 2);
  list.times("half the disk's latency", "disk.latency", 0.5);
  add_cache(config, list);
  add_placements(config, list);
  add_link(config, list);
  add_requests(config, list);
  if (config.page_cache.folio < kMiB * 2) list.set("large folios", "page_cache.folio", "2MiB");
  list.times("four times the readahead", "page_cache.readahead", 4);
  list.times("four times the page cache", "page_cache.size", 4);
  list.times("four times the send buffer", "socket.send_buffer", 4);
  list.times("four times the window", "socket.window", 4);
  if (config.kernel < kNewest) list.set("a newer kernel", "host.kernel", kNewest.text());
  return list.take();
}

Config changed(Config config, const Change& change) {
  for (const auto& [name, value] : change.settings) find_key(name)->set(config, value);
  return config;
}

std::string broken_rule(const Config& config) {
  for (const Rule& rule : rules()) {
    const std::string problem = rule.problem(config);
    if (!problem.empty()) return rule.keys.front() + ": " + problem;
  }
  return "";
}

}  // namespace copypath
