// The rules, in the order of the table of keys.
#include "testbench/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/disk/drive.h"
#include "models/paths/path.h"
#include "models/pcie/link.h"
#include "models/workload/log.h"
#include "models/workload/request_list.h"
#include "testbench/program_rules.h"
#include "testbench/quantity.h"
#include "testbench/server_rules.h"

namespace copypath {
namespace {

// Ethernet header and frame check sequence.
constexpr Bytes kFrameOverhead{18};

std::string burst(const Config& config) {
  const std::uint64_t burst = config.memory.burst.count();
  if ((burst & (burst - 1)) == 0) return "";
  return fmt::format("{} is not a power of two, accepted: 64B, 128B, ... 4KiB",
                     to_text(Bytes(burst)));
}

std::string cache(const Config& config) {
  const Bytes size = config.cache.size;
  if (size == Bytes(0) || !(size < kPageSize)) return "";
  return fmt::format("{} does not hold one page, accepted: none, or at least {}", to_text(size),
                     to_text(kPageSize));
}

std::string ddio(const Config& config) {
  const Bytes size = config.cache.size;
  const double least = static_cast<double>(kPageSize.count()) / static_cast<double>(size.count());
  if (size == Bytes(0) || config.cache.ddio == 0 || config.cache.ddio >= least) return "";
  return fmt::format(
      "{} of the cache does not hold one page, accepted: 0, or at least {:.3g} with "
      "cache.size = {}",
      ratio_to_text(config.cache.ddio), least, to_text(size));
}

std::string cached_copies(const Config& config) {
  if (config.cache.size == Bytes(0)) return "";
  if (!(config.cpu.copy_rate_cached < config.cpu.copy_rate)) return "";
  return fmt::format("{} is slower than copies from DRAM, accepted: at least cpu.copy_rate = {}",
                     to_text(config.cpu.copy_rate_cached), to_text(config.cpu.copy_rate));
}

/// Placement on a node that is not there.
std::string placement(const Config& config) {
  const NumaConfig& numa = config.numa;
  if (numa.nodes == 2) return "";
  std::string problem;
  const auto needs_node_1 = [&](const char* key, bool needs) {
    if (needs) problem += (problem.empty() ? "" : ", ") + std::string(key);
  };
  needs_node_1("numa.server_node", numa.server_node == 1);
  needs_node_1("numa.disk_node", numa.disk_node == 1);
  needs_node_1("numa.nic_node", numa.nic_node == 1);
  const auto beyond = [](Placement placement) {
    return placement == Placement::kNode1 || placement == Placement::kInterleave;
  };
  needs_node_1("numa.page_cache", beyond(numa.page_cache));
  needs_node_1("numa.memory", beyond(numa.memory));
  if (problem.empty()) return "";
  return "1 leaves no second node for " + problem + ", accepted: 2";
}

std::string readahead(const Config& config) {
  const Bytes window = config.page_cache.readahead;
  if (window % kPageSize != Bytes(0)) {
    return fmt::format("{} is not a whole number of pages, accepted: multiples of {}",
                       to_text(window), to_text(kPageSize));
  }
  if (config.page_cache.size < window * 2) {
    return fmt::format(
        "{} does not fit the page cache twice, accepted: at most half of page_cache.size = {}",
        to_text(window), to_text(config.page_cache.size));
  }
  return "";
}

std::string polling(const Config& config) {
  const unsigned clients = config.workload.clients;
  if (config.workload.sink != Sink::kPoll || config.nic.link != Link::kLoopback ||
      clients < config.cpu.cores) {
    return "";
  }
  return fmt::format(
      "poll takes a core for each client: cpu.cores = {} leaves none for the server of {}, "
      "accepted: more cores than clients",
      config.cpu.cores, clients);
}

std::string power_of_two(Bytes size) {
  if ((size.count() & (size.count() - 1)) == 0) return "";
  return fmt::format("{} is not a power of two", to_text(size));
}

std::string folio(const Config& config) { return power_of_two(config.page_cache.folio); }

std::string lanes(const PcieSlot& slot) {
  return (slot.lanes & (slot.lanes - 1)) == 0
             ? ""
             : fmt::format("{} is no width of a link, accepted: 1, 2, 4, 8, 16 or 32", slot.lanes);
}

std::string disk_lanes(const Config& config) { return lanes(config.pcie.disk); }

std::string nic_lanes(const Config& config) { return lanes(config.pcie.nic); }

std::string max_payload(const Config& config) { return power_of_two(config.pcie.max_payload); }

std::string max_read_request(const Config& config) {
  return power_of_two(config.pcie.max_read_request);
}

std::string read_completion(const Config& config) {
  return power_of_two(config.pcie.read_completion);
}

std::string stripe(const Config& config) {
  if (config.disk.stripe % kPageSize == Bytes(0)) return "";
  return fmt::format("{} is no whole number of pages of {}", to_text(config.disk.stripe),
                     to_text(kPageSize));
}

std::string tags(const Config& config) {
  const unsigned most = DiskProtocol::of(config.disk.kind).tags;
  if (most == 0 && config.disk.queue_depth < 2) {
    return "1 is a queue with no room for a command, accepted: at least 2 with disk.kind = nvme";
  }
  if (most == 0 || config.disk.queue_depth <= most) return "";
  return fmt::format("{} is more than a SATA drive takes (NCQ), accepted: at most {}",
                     config.disk.queue_depth, most);
}

std::string capacity(const Config& config) {
  const DiskConfig& disk = config.disk;
  if (disk.kind != DiskKind::kHdd) return "";
  const WorkloadConfig& work = config.workload;
  double files = work.files == 0 ? work.clients : work.files;
  Bytes size = work.file_size;
  if (work.kind == WorkloadKind::kWebServer) {
    files = config.web.files;
    size = config.web.largest;
  } else if (work.kind == WorkloadKind::kFileCopy) {
    files += work.clients;
  } else if (work.kind == WorkloadKind::kLogBroker) {
    files = LogLayout(config).files();
    size = std::min(config.broker.segment, LogLayout(config).in_the_end());
  }
  const double bytes = files * static_cast<double>(size.count() + kPageSize.count());
  const double room = static_cast<double>(disk.capacity.count()) * disk.count;
  if (bytes <= room) return "";
  return fmt::format("{} on each of {} drives do not hold the files, accepted: at least {:.0f}B",
                     to_text(disk.capacity), disk.count, std::ceil(bytes / disk.count));
}

std::string pipe(const Config& config) { return power_of_two(config.pipe.size); }

std::string fifo(const Config& config) {
  const Bytes frame = config.nic.mtu + kFrameOverhead;
  if (!(config.nic.fifo < frame)) return "";
  return fmt::format("{} does not hold one frame, accepted: at least {} with nic.mtu = {}",
                     to_text(config.nic.fifo), to_text(frame), to_text(config.nic.mtu));
}

std::string rx_fifo(const Config& config) {
  const Bytes frames = (config.nic.mtu + kFrameOverhead) * 2;
  if (!(config.nic.rx_fifo < frames)) return "";
  return fmt::format("{} does not hold two frames, accepted: at least {} with nic.mtu = {}",
                     to_text(config.nic.rx_fifo), to_text(frames), to_text(config.nic.mtu));
}

std::string holds_packet(Bytes size, const Config& config) {
  if (!(size < config.nic.mtu)) return "";
  return fmt::format("{} does not hold one packet, accepted: at least nic.mtu = {}", to_text(size),
                     to_text(config.nic.mtu));
}

std::string send_buffer(const Config& config) {
  return holds_packet(config.socket.send_buffer, config);
}

std::string window(const Config& config) { return holds_packet(config.socket.window, config); }

std::string files(const Config& config) {
  if (config.workload.listed) return "";
  if (config.workload.files <= config.workload.clients) return "";
  return fmt::format("{} is more than there are clients, accepted: at most workload.clients = {}",
                     config.workload.files, config.workload.clients);
}

// What a list says goes by the list alone, and only what sends one file after the other can.
std::string list(const Config& config) {
  const WorkloadConfig& work = config.workload;
  const bool wanted = work.kind == WorkloadKind::kStaticList;
  if (wanted && work.list.empty())
    return "is none, accepted: a CSV file, with workload.kind = static_list";
  if (!wanted && !work.list.empty()) {
    return "is for workload.kind = static_list, accepted: none with any other kind";
  }
  return "";
}

std::string list_alone(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kStaticList) return "";
  if (work.hazard == Hazard::kOverwrite || work.hazard == Hazard::kTruncate) {
    return "changes files that are asked for once, accepted: none or reuse_buffer with "
           "workload.kind = static_list";
  }
  return "";
}

/// What all clients ask for together.
double payload_of(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.listed) {
    double total = 0;
    for (const auto& client : work.listed->clients) {
      for (const ListedRequest& request : client)
        total += static_cast<double>(request.bytes.count());
    }
    return total;
  }
  if (work.kind == WorkloadKind::kLogBroker) {
    return static_cast<double>(LogLayout(config).in_the_end().count()) * work.clients;
  }
  const bool site = work.kind == WorkloadKind::kWebServer;
  const Bytes size = site ? config.web.largest : work.file_size;  // at most
  return static_cast<double>(size.count()) * work.clients * work.requests;
}

std::string run_time(const Config& config) {
  const double payload = payload_of(config);
  const double disk_link =
      PcieLink(config.pcie.disk, config.pcie).write(kPageSize).bytes_per_second();
  double slowest =
      std::min({config.disk.bandwidth.bytes_per_second(), disk_link,
                config.memory.bandwidth.bytes_per_second() * config.memory.efficiency});
  if (config.nic.link == Link::kEthernet) {
    const PcieLink link(config.pcie.nic, config.pcie);
    const unsigned nics = std::min(config.nic.count, config.workload.clients);
    slowest = std::min({slowest, config.nic.rate.bytes_per_second() * nics,
                        link.read(kPageSize).bytes_per_second() * nics});
  }
  const Rate client_rate = config.workload.client_rate;
  if (client_rate != Rate(0)) {
    slowest = std::min(slowest, client_rate.bytes_per_second() * config.workload.clients);
  }
  if (config.faults.slow_clients > 0) {
    const double slow = config.faults.slow_rate.bytes_per_second();
    slowest = std::min(slowest, slow * config.workload.clients);
  }
  const double days = payload / slowest / 86400;
  if (days * 86400 <= kLongestRun) return "";
  return fmt::format(
      "all clients and requests together take some {:.3g} days at the slowest rate, accepted: at "
      "most {:.3g}",
      days, kLongestRun / 86400);
}

std::string refused_paths(const Config& config) {
  std::string problems;
  for (const std::string& name : config.paths) {
    const std::string problem = refusal(*find_path(name), config);
    if (!problem.empty()) problems += (problems.empty() ? "" : "; ") + problem;
  }
  return problems;
}

// A file that changes while it is sent is sent once, to one client.
std::string hazard(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.hazard != Hazard::kOverwrite && work.hazard != Hazard::kTruncate) return "";
  const bool shared = work.files != 0 && work.files != work.clients;
  if (work.requests == 1 && !shared && work.range == Bytes(0)) return "";
  return "changes files that are asked for once, accepted: workload.requests = 1, one file for "
         "each "
         "client, workload.range = whole_file";
}

std::string range(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.range <= work.file_size) return "";
  return fmt::format("{} is more than a file holds, accepted: at most workload.file_size = {}",
                     to_text(work.range), to_text(work.file_size));
}

// A request comes a round trip after the one before it.
std::string round_trips(const Config& config) {
  const double seconds = config.socket.rtt.to_seconds() * config.workload.requests;
  if (seconds <= kLongestRun) return "";
  return fmt::format(
      "the round trips of {} requests take some {:.3g} days, accepted: at most {:.3g}",
      config.workload.requests, seconds / 86400, kLongestRun / 86400);
}

// Faults of the network need one, and an origin does not send again.
std::string network_faults(const Config& config) {
  const FaultConfig& faults = config.faults;
  const bool any = faults.lossy() || faults.disconnect_after > Bytes(0) || faults.slow_clients > 0;
  if (any && config.nic.link == Link::kLoopback) {
    return "nothing of this happens on the same machine, accepted: nic.link = ethernet";
  }
  if (faults.link_down_for == sc_core::SC_ZERO_TIME) return "";
  for (const std::string& name : config.paths) {
    if (find_path(name)->reads != Reads::kOrigin) continue;
    return fmt::format(
        "{} fetches from an origin that does not send again, accepted: paths that "
        "read files, or faults.link_down_for = 0ns",
        name);
  }
  return "";
}

std::string slow_clients(const Config& config) {
  if (config.faults.slow_clients <= config.workload.clients) return "";
  return fmt::format("{} is more than there are clients, accepted: at most workload.clients = {}",
                     config.faults.slow_clients, config.workload.clients);
}

std::vector<Rule> with(const std::vector<Rule>& others, std::vector<Rule> rules) {
  rules.insert(rules.end(), others.begin(), others.end());
  return rules;
}

}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = with(
      with(server_rules(), program_rules()),
      {
          {{"path", "host.kernel", "workload.kind", "workload.transform", "workload.open",
            "workload.chunk"},
           refused_paths},
          {{"memory.burst"}, burst},
          {{"cache.size"}, cache},
          {{"cache.ddio", "cache.size"}, ddio},
          {{"cpu.copy_rate_cached", "cpu.copy_rate", "cache.size"}, cached_copies},
          {{"numa.nodes", "numa.server_node", "numa.disk_node", "numa.nic_node", "numa.page_cache",
            "numa.memory"},
           placement},
          {{"page_cache.readahead", "page_cache.size"}, readahead},
          {{"page_cache.folio"}, folio},
          {{"disk.stripe"}, stripe},
          {{"disk.queue_depth", "disk.kind"}, tags},
          {{"disk.capacity", "disk.count", "workload.file_size", "workload.clients",
            "workload.files", "workload.kind", "web.files", "web.largest", "broker.partitions",
            "broker.segment", "broker.lag"},
           capacity},
          {{"pcie.disk_lanes"}, disk_lanes},
          {{"pcie.nic_lanes"}, nic_lanes},
          {{"pcie.max_payload"}, max_payload},
          {{"pcie.max_read_request"}, max_read_request},
          {{"pcie.read_completion"}, read_completion},
          {{"pipe.size"}, pipe},
          {{"nic.fifo", "nic.mtu"}, fifo},
          {{"nic.rx_fifo", "nic.mtu"}, rx_fifo},
          {{"socket.send_buffer", "nic.mtu"}, send_buffer},
          {{"socket.window", "nic.mtu"}, window},
          {{"workload.list", "workload.kind"}, list},
          {{"workload.hazard", "workload.kind"}, list_alone},
          {{"workload.sink", "workload.clients", "cpu.cores"}, polling},
          {{"workload.files", "workload.clients"}, files},
          {{"workload.hazard", "workload.requests", "workload.files", "workload.range"}, hazard},
          {{"workload.range", "workload.file_size", "workload.file"}, range},
          {{"workload.file_size", "workload.file", "workload.clients", "workload.requests",
            "workload.client_rate", "faults.slow_rate", "nic.rate", "nic.count", "disk.bandwidth",
            "memory.bandwidth", "memory.efficiency", "workload.kind", "web.largest", "broker.lag"},
           run_time},
          {{"workload.requests", "socket.rtt"}, round_trips},
          {{"faults.frame_loss", "faults.link_down_for", "faults.disconnect_after",
            "faults.slow_clients", "nic.link", "path"},
           network_faults},
          {{"faults.slow_clients", "workload.clients"}, slow_clients},
      });
  return kRules;
}

}  // namespace copypath
