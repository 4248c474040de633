// The result record: its table of metrics, and its JSON form.
// A metric that an execution cannot know is absent from Result::values and null in JSON, so that
// every record has the same keys in the same order. Doubles are written in the shortest form that
// reads back as the same number; counts are written as integers.
#include "models/ledger/result.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace copypath {

using Json = nlohmann::ordered_json;

namespace {

const std::string kSyscallPrefix = "syscalls.";
const std::string kConsumerPrefix = "consumers.";

constexpr std::array<const char*, 29> kSyscalls{
    "pwrite",   "read",       "pread",          "readv",          "write",
    "writev",   "send",       "sendto",         "sendmsg",        "recv",
    "recvfrom", "recvmsg",    "sendfile",       "splice",         "tee",
    "vmsplice", "mmap",       "munmap",         "madvise",        "open",
    "close",    "epoll_wait", "io_uring_enter", "io_uring_setup", "io_uring_register",
    "poll",     "setsockopt", "ioctl",          "clock_nanosleep"};

bool is_syscall_metric(const std::string& name) {
  return name.compare(0, kSyscallPrefix.size(), kSyscallPrefix) == 0;
}

/// The N and the NAME of "consumers.N.NAME".
std::optional<std::pair<std::size_t, std::string>> consumer_metric(const std::string& name) {
  if (name.compare(0, kConsumerPrefix.size(), kConsumerPrefix) != 0) return std::nullopt;
  const std::size_t dot = name.find('.', kConsumerPrefix.size());
  if (dot == std::string::npos) return std::nullopt;
  const std::string number = name.substr(kConsumerPrefix.size(), dot - kConsumerPrefix.size());
  const bool digits = !number.empty() && number.size() < 7 &&
                      number.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) return std::nullopt;
  return std::make_pair(std::stoul(number), name.substr(dot + 1));
}

std::optional<double> value_of(const ConsumerRecord& consumer, const std::string& name) {
  if (name == "fetches") return static_cast<double>(consumer.fetches);
  if (name == "page_cache_hits") return static_cast<double>(consumer.page_cache_hits);
  if (name == "page_cache_misses") return static_cast<double>(consumer.page_cache_misses);
  if (name == "fetch_median_s") return consumer.fetch_median_s;
  if (name == "fetch_p99_s") return consumer.fetch_p99_s;
  if (name == "fetch_max_s") return consumer.fetch_max_s;
  return std::nullopt;
}

Json consumer_to_json(const ConsumerRecord& consumer) {
  Json histogram = Json::array();
  for (const auto& [end, fetches] : consumer.histogram) {
    histogram.push_back({{"up_to_s", end}, {"fetches", fetches}});
  }
  return {{"follower", consumer.follower},
          {"fetches", consumer.fetches},
          {"page_cache_hits", consumer.page_cache_hits},
          {"page_cache_misses", consumer.page_cache_misses},
          {"fetch_median_s", consumer.fetch_median_s},
          {"fetch_p99_s", consumer.fetch_p99_s},
          {"fetch_max_s", consumer.fetch_max_s},
          {"histogram", histogram}};
}

ConsumerRecord consumer_from_json(const Json& json) {
  ConsumerRecord consumer;
  json.at("follower").get_to(consumer.follower);
  json.at("fetches").get_to(consumer.fetches);
  json.at("page_cache_hits").get_to(consumer.page_cache_hits);
  json.at("page_cache_misses").get_to(consumer.page_cache_misses);
  json.at("fetch_median_s").get_to(consumer.fetch_median_s);
  json.at("fetch_p99_s").get_to(consumer.fetch_p99_s);
  json.at("fetch_max_s").get_to(consumer.fetch_max_s);
  for (const Json& interval : json.at("histogram")) {
    consumer.histogram.emplace_back(interval.at("up_to_s").get<double>(),
                                    interval.at("fetches").get<std::uint64_t>());
  }
  return consumer;
}

Json number(const Metric& metric, std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  if (metric.integer) return static_cast<std::int64_t>(std::llround(*value));
  return *value;
}

Json movement_to_json(const MovementRecord& movement) {
  return {{"name", movement.name},
          {"agent", movement.agent},
          {"purpose", movement.purpose},
          {"from", movement.from},
          {"to", movement.to},
          {"reason", movement.reason},
          {"bytes", movement.bytes},
          {"dram_bytes", movement.dram_bytes},
          {"transfers", movement.transfers}};
}

MovementRecord movement_from_json(const Json& json) {
  MovementRecord movement;
  json.at("name").get_to(movement.name);
  json.at("agent").get_to(movement.agent);
  json.at("purpose").get_to(movement.purpose);
  json.at("from").get_to(movement.from);
  json.at("to").get_to(movement.to);
  json.at("reason").get_to(movement.reason);
  json.at("bytes").get_to(movement.bytes);
  json.at("transfers").get_to(movement.transfers);
  json.at("dram_bytes").get_to(movement.dram_bytes);
  return movement;
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> kMetrics{
      {"payload_bytes", Unit::kBytes, true, "file bytes delivered to the clients"},
      {"elapsed_s", Unit::kSeconds, false, "from the first request to the last byte delivered"},
      {"throughput_Bps", Unit::kBytesPerSecond, false, "payload bytes per second of elapsed time"},
      {"cpu_busy_s", Unit::kSeconds, false, "time that the cores worked, summed over all cores"},
      {"cpu_s_per_GB", Unit::kSecondsPerGB, false, "core seconds per gigabyte of payload"},
      {"server_cpu_s", Unit::kSeconds, false,
       "time that the server's threads ran, with what interrupts took from them"},
      {"cpu_copied_bytes", Unit::kBytes, true, "bytes copied by the cores"},
      {"cpu_copies_per_byte", Unit::kRatio, false, "copies by a core that each byte undergoes"},
      {"dma_copies_per_byte", Unit::kRatio, false, "copies by DMA that each byte undergoes"},
      {"cpu_crypto_bytes", Unit::kBytes, true, "bytes encrypted by the cores"},
      {"cpu_checksum_bytes", Unit::kBytes, true, "bytes that the cores read for a checksum alone"},
      {"dma_bytes", Unit::kBytes, true, "payload bytes moved by the DMA engines of disk and NIC"},
      {"bus_bytes", Unit::kBytes, true,
       "payload bytes asked of memory; without a cache, all of them cross the memory bus"},
      {"bus_overhead_bytes", Unit::kBytes, true,
       "bytes asked of memory that are no payload: descriptors, headers, completions"},
      {"bus_crossings_per_byte", Unit::kRatio, false,
       "times that each payload byte is asked of memory"},
      {"dram_bytes", Unit::kBytes, true,
       "bytes that crossed the memory bus, read from and written to DRAM"},
      {"dram_read_bytes", Unit::kBytes, true, "those of them that were read"},
      {"dram_written_bytes", Unit::kBytes, true,
       "those of them that were written, at once or when the cache evicted them"},
      {"dram_crossings_per_byte", Unit::kRatio, false,
       "times that each payload byte is read from or written to DRAM"},
      {"bus_utilisation", Unit::kRatio, false,
       "share of the memory bus's usable bandwidth taken; of two nodes, the busier one's"},
      {"fabric_bytes", Unit::kBytes, true, "payload bytes that crossed from one node to the other"},
      {"fabric_crossings_per_byte", Unit::kRatio, false,
       "times that each payload byte crosses from one node to the other"},
      {"fabric_utilisation", Unit::kRatio, false,
       "share of the fabric's bandwidth taken, in the busier direction"},
      {"syscalls_total", Unit::kCount, true, "system calls of all kinds"},
      {"mode_switches", Unit::kCount, true, "changes between user and kernel mode, either way"},
      {"context_switches", Unit::kCount, true,
       "times that a thread of the server blocked or was preempted"},
      {"faults_minor", Unit::kCount, true, "page faults served without the disk"},
      {"faults_major", Unit::kCount, true, "page faults that waited for the disk"},
      {"faults_beyond_end", Unit::kCount, true,
       "touches of a mapping where the file is no more: SIGBUS, or EFAULT within a system call"},
      {"page_cache_hits", Unit::kCount, true, "page lookups that found the page resident"},
      {"page_cache_misses", Unit::kCount, true, "page lookups that did not find the page"},
      {"page_cache_reads", Unit::kCount, true,
       "reads for the page cache: a window of readahead each, unless some of it was there"},
      {"page_cache_evictions", Unit::kCount, true, "pages that made room for others"},
      {"disk_bytes", Unit::kBytes, true, "bytes read from the disk"},
      {"disk_written_bytes", Unit::kBytes, true, "bytes written to the disk"},
      {"disk_queue_full", Unit::kCount, true,
       "commands that found the drive's submission queue full, and waited"},
      {"disk_errors", Unit::kCount, true, "commands that asked for what a drive cannot read"},
      {"aborted_transfers", Unit::kCount, true,
       "transfers that the server gave up, or whose client went away; their bytes are checked up "
       "to "
       "there"},
      {"ring_full", Unit::kCount, true, "packets that found the transmit ring full, and waited"},
      {"send_buffer_waits", Unit::kCount, true,
       "times that a sender found its send buffer full, and waited"},
      {"interrupts", Unit::kCount, true, "device interrupts taken by the cores"},
      {"packets", Unit::kCount, true, "frames sent on the wire; on loopback, packets handed over"},
      {"wire_bytes", Unit::kBytes, true, "bytes sent on the wire, headers and framing included"},
      {"rx_packets", Unit::kCount, true,
       "frames received from the wire: acknowledgements, requests, payload"},
      {"rx_wire_bytes", Unit::kBytes, true,
       "bytes received from the wire, headers and framing included"},
      {"rx_missed", Unit::kCount, true,
       "frames received that found the NIC's FIFO full, and were dropped"},
      {"rx_no_buffer", Unit::kCount, true,
       "frames of payload received that found no free buffer in the ring, and waited in the FIFO"},
      {"rx_pauses", Unit::kCount, true,
       "times that a sender has paused, as the NIC's receive FIFO had no room (nic.flow_control)"},
      {"sent_file_bytes", Unit::kBytes, true,
       "bytes handed to the network device in pages of the page cache, by reference"},
      {"sent_other_file_bytes", Unit::kBytes, true,
       "bytes handed to the network device in pages of a file that was not asked for"},
      {"sent_user_bytes", Unit::kBytes, true,
       "bytes handed to the network device in the program's own pages, by reference"},
      {"sent_kernel_bytes", Unit::kBytes, true,
       "bytes handed to the network device in pages that the kernel has filled"},
      {"sent_linear_bytes", Unit::kBytes, true,
       "bytes handed to the network device in one piece with the headers: copied, for want of "
       "scatter-gather"},
      {"received_file_bytes", Unit::kBytes, true,
       "bytes that a receiver on the same machine gets in pages of the page cache"},
      {"received_user_bytes", Unit::kBytes, true,
       "bytes that a receiver on the same machine gets in the sender's own pages"},
      {"received_kernel_bytes", Unit::kBytes, true,
       "bytes that a receiver on the same machine gets in memory of the kernel"},
      {"read_copied_bytes", Unit::kBytes, true,
       "bytes that read() has copied from the page cache to the program"},
      {"zerocopy_completions", Unit::kCount, true,
       "sends from the program's own memory that the kernel has reported complete"},
      {"zerocopy_copied", Unit::kCount, true,
       "of those, sends that the kernel has copied after all"},
      {"zerocopy_refused", Unit::kCount, true,
       "sends that found no memory for their notification (ENOBUFS), and were tried again"},
      {"frames_lost", Unit::kCount, true, "frames that got lost on the way, in either direction"},
      {"retransmits", Unit::kCount, true, "segments that the server has sent again"},
      {"retransmitted_bytes", Unit::kBytes, true,
       "payload bytes that the NIC has fetched again to send them again"},
      {"tls_resync_bytes", Unit::kBytes, true,
       "of TLS records, what the NIC has read again to encrypt a part that is sent again"},
      {"corrupted_bytes", Unit::kBytes, true,
       "bytes delivered that are not those of the file at that place"},
      {"nic_utilisation", Unit::kRatio, false,
       "share of the time that the busiest NIC's wire was sending"},
      {"nic_rx_utilisation", Unit::kRatio, false,
       "share of the time that the busiest NIC's wire was receiving"},
      {"disk_utilisation", Unit::kRatio, false,
       "share of the drives' bandwidth taken, or of the time of their channels, whichever is more; "
       "of a hard disk, of its arm's"},
      {"fetches", Unit::kCount, true, "responses of a log broker that carried records"},
      {"records_per_s", Unit::kRatio, false, "records that a log broker has served, per second"},
      {"appended_bytes", Unit::kBytes, true, "bytes that a log broker has appended to its logs"},
      {"dirty_bytes", Unit::kBytes, true,
       "of what was written to files, whole pages that the disk does not have in the end"},
      {"writers_throttled", Unit::kCount, true,
       "times that a writer had to wait for the disk, since too much was dirty"},
      {"cpu_s_per_fetch", Unit::kSeconds, false, "core seconds per fetch from a log broker"},
      {"fetch_median_s", Unit::kSeconds, false,
       "half of the fetches took no longer from when there was something to send until the socket "
       "had all of it, to within an eighth"},
      {"fetch_p99_s", Unit::kSeconds, false, "99 of 100 fetches took no longer"},
      {"fetch_max_s", Unit::kSeconds, false, "no fetch took longer"},
      {"cpu_utilisation", Unit::kRatio, false, "share of the cores' time spent working"},
  };
  return kMetrics;
}

const std::vector<Metric>& consumer_metrics() {
  static const std::vector<Metric> kMetrics{
      {"fetches", Unit::kCount, true, "responses that carried records"},
      {"page_cache_hits", Unit::kCount, true, "pages that its fetches found in memory"},
      {"page_cache_misses", Unit::kCount, true,
       "pages that its fetches had read from the disk, read ahead or not"},
      {"fetch_median_s", Unit::kSeconds, false, "half of its fetches took no longer"},
      {"fetch_p99_s", Unit::kSeconds, false, "99 of 100 of them took no longer"},
      {"fetch_max_s", Unit::kSeconds, false, "none of them took longer"},
  };
  return kMetrics;
}

const Metric* find_metric(const std::string& name) {
  if (const auto consumer = consumer_metric(name)) {
    const auto& known = consumer_metrics();
    const auto found = std::find_if(known.begin(), known.end(), [&](const Metric& metric) {
      return metric.name == consumer->second;
    });
    return found == known.end() ? nullptr : &*found;
  }
  static const Metric kSyscallCount{"syscalls.NAME", Unit::kCount, true,
                                    "calls of the system call of that name"};
  if (is_syscall_metric(name)) {
    const std::string call = name.substr(kSyscallPrefix.size());
    const bool known = std::find(kSyscalls.begin(), kSyscalls.end(), call) != kSyscalls.end();
    return known ? &kSyscallCount : nullptr;
  }
  const auto found = std::find_if(metrics().begin(), metrics().end(),
                                  [&](const Metric& metric) { return metric.name == name; });
  return found == metrics().end() ? nullptr : &*found;
}

std::optional<double> Result::value(const std::string& metric) const {
  if (is_syscall_metric(metric)) {
    const auto call = syscalls.find(metric.substr(kSyscallPrefix.size()));
    if (call != syscalls.end()) return static_cast<double>(call->second);
    // Where calls were counted, a call that is not listed was not made.
    if (values.count("syscalls_total") != 0) return 0.0;
    return std::nullopt;
  }
  if (const auto consumer = consumer_metric(metric)) {
    if (consumer->first >= consumers.size()) return std::nullopt;
    return value_of(consumers[consumer->first], consumer->second);
  }
  const auto found = values.find(metric);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

Json to_json(const Result& result) {
  Json json{{"path", result.path}, {"execution", result.execution}};
  for (const Metric& metric : metrics()) {
    if (metric.name == std::string("syscalls_total")) {
      json["syscalls"] = Json::object();
      for (const auto& [name, count] : result.syscalls) json["syscalls"][name] = count;
    }
    json[metric.name] = number(metric, result.value(metric.name));
  }
  json["bottleneck"] = result.bottleneck.empty() ? Json() : Json(result.bottleneck);
  json["delivered_ok"] = result.delivered_ok;
  json["movements"] = Json::array();
  for (const MovementRecord& movement : result.movements) {
    json["movements"].push_back(movement_to_json(movement));
  }
  if (!result.consumers.empty()) json["consumers"] = Json::array();
  for (const ConsumerRecord& consumer : result.consumers) {
    json["consumers"].push_back(consumer_to_json(consumer));
  }
  return json;
}

Result result_from_json(const Json& json) {
  Result result;
  json.at("path").get_to(result.path);
  json.at("execution").get_to(result.execution);
  for (const Metric& metric : metrics()) {
    const Json& value = json.at(metric.name);
    if (!value.is_null()) result.values[metric.name] = value.get<double>();
  }
  for (const auto& [name, count] : json.at("syscalls").items()) {
    result.syscalls[name] = count.get<std::uint64_t>();
  }
  if (!json.at("bottleneck").is_null()) json.at("bottleneck").get_to(result.bottleneck);
  json.at("delivered_ok").get_to(result.delivered_ok);
  for (const Json& movement : json.at("movements")) {
    result.movements.push_back(movement_from_json(movement));
  }
  if (json.count("consumers") != 0) {
    for (const Json& consumer : json.at("consumers")) {
      result.consumers.push_back(consumer_from_json(consumer));
    }
  }
  return result;
}

}  // namespace copypath
