// What the paths of a scenario cost side by side. Every figure comes from the result records;
// only "per chunk" is worked out here, from the scenario's own numbers.
#include "testbench/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "models/workload/request_list.h"
#include "testbench/figures.h"
#include "testbench/quantity.h"
#include "testbench/table.h"

namespace copypath {

namespace {

constexpr const char* kUnknown = "-";  // as figure() prints it

using Cell = std::function<std::string(const Result&)>;

bool goes_by_chunks(const Config& config) {
  const WorkloadKind kind = config.workload.kind;
  return kind != WorkloadKind::kWebServer && kind != WorkloadKind::kLogBroker;
}

/// The number of chunks in which the whole payload is asked for; 0 when nothing was delivered, or
/// the server does not go by chunks.
double chunks(const Config& config, const Result& result) {
  if (!goes_by_chunks(config)) return 0;
  if (config.workload.listed) {
    double count = 0;
    for (const auto& client : config.workload.listed->clients) {
      for (const ListedRequest& request : client) {
        count += static_cast<double>(units_covering(request.bytes, config.workload.chunk));
      }
    }
    return count;
  }
  const double requests = static_cast<double>(config.workload.clients) * config.workload.requests;
  const double payload = result.value("payload_bytes").value_or(0);
  const auto chunk = static_cast<double>(config.workload.chunk.count());
  return requests * std::ceil(payload / requests / chunk);
}

std::string per_chunk(const Config& config, const Result& result, const std::string& metric) {
  const auto value = result.value(metric);
  const double count = chunks(config, result);
  return value && count > 0 ? figure(*value / count, Unit::kRatio) : kUnknown;
}

class Sheet {
public:
  explicit Sheet(const std::vector<Result>& results) : results_(results) {
    for (const Result& result : results) table_.columns.push_back(result.path);
  }

  void heading(const std::string& label) { heading_ = label; }

  /// What no result knows gets no row, and what has no row no heading.
  void row(const std::string& label, const Cell& cell) {
    std::vector<std::string> cells;
    for (const Result& result : results_) cells.push_back(cell(result));
    const auto known = [](const std::string& text) { return text != kUnknown; };
    if (std::none_of(cells.begin(), cells.end(), known)) return;
    if (!heading_.empty()) table_.heading(heading_);
    heading_.clear();
    table_.row(label, cells);
  }

  void metric(const std::string& label, const std::string& name) {
    row(label, [&](const Result& result) { return figure(result, name); });
  }

  const Table& table() const { return table_; }

private:
  const std::vector<Result>& results_;
  std::string heading_;  ///< of the next row
  Table table_;
};

void add_copies(Sheet& sheet, const Config& config) {
  sheet.heading("Copies");
  sheet.metric("copies per byte by DMA", "dma_copies_per_byte");
  sheet.metric("copies per byte by the CPU", "cpu_copies_per_byte");
  sheet.metric("bytes copied by the CPU", "cpu_copied_bytes");
  sheet.metric("bytes checksummed by the CPU", "cpu_checksum_bytes");
  sheet.metric("bytes encrypted by the CPU", "cpu_crypto_bytes");
  sheet.heading("Memory bus");
  sheet.metric("crossings per byte", "bus_crossings_per_byte");
  sheet.metric("payload carried", "bus_bytes");
  sheet.metric("other traffic carried", "bus_overhead_bytes");
  if (config.numa.nodes == 2) {
    sheet.heading("NUMA fabric");
    sheet.metric("crossings per byte", "fabric_crossings_per_byte");
    sheet.metric("payload carried", "fabric_bytes");
    sheet.metric("utilisation", "fabric_utilisation");
  }
  if (config.cache.size == Bytes(0)) return;
  sheet.heading("DRAM, behind the cache");
  sheet.metric("crossings per byte", "dram_crossings_per_byte");
  sheet.metric("bytes read", "dram_read_bytes");
  sheet.metric("bytes written", "dram_written_bytes");
}

void add_system_calls(Sheet& sheet, const Config& config, const std::vector<Result>& results) {
  std::set<std::string> names;
  for (const Result& result : results) {
    for (const auto& [name, count] : result.syscalls) names.insert(name);
  }
  sheet.heading("Kernel");
  sheet.metric("system calls", "syscalls_total");
  for (const std::string& name : names) {
    sheet.row("  " + name, [&](const Result& result) {
      return figure(result.value("syscalls." + name), Unit::kCount);
    });
  }
  sheet.metric("mode switches (user/kernel)", "mode_switches");
  sheet.row("mode switches per chunk",
            [&](const Result& result) { return per_chunk(config, result, "mode_switches"); });
  sheet.metric("context switches (task/task)", "context_switches");
  sheet.metric("page faults, minor", "faults_minor");
  sheet.metric("page faults, major", "faults_major");
  sheet.metric("page-cache hits", "page_cache_hits");
  sheet.metric("page-cache misses", "page_cache_misses");
  sheet.metric("interrupts", "interrupts");
}

void add_time(Sheet& sheet, bool native) {
  sheet.heading("Time");
  sheet.metric("elapsed", "elapsed_s");
  sheet.metric("throughput", "throughput_Bps");
  sheet.metric(native ? "CPU busy, server threads" : "CPU busy, all cores", "cpu_busy_s");
  sheet.metric("CPU time per GB", "cpu_s_per_GB");
  sheet.metric("time of the server's threads", "server_cpu_s");
  sheet.heading("Log broker");
  sheet.metric("fetches", "fetches");
  sheet.metric("records per second", "records_per_s");
  sheet.metric("CPU time per fetch", "cpu_s_per_fetch");
  sheet.metric("half of the fetches within", "fetch_median_s");
  sheet.metric("99 of 100 within", "fetch_p99_s");
  sheet.metric("all within", "fetch_max_s");
  sheet.heading("Utilisation");
  sheet.metric("cores", "cpu_utilisation");
  sheet.metric("memory bus", "bus_utilisation");
  sheet.metric("disk", "disk_utilisation");
  sheet.metric("NIC", "nic_utilisation");
  sheet.metric("NIC, receiving", "nic_rx_utilisation");
  sheet.row("bottleneck", [](const Result& result) {
    return result.bottleneck.empty() ? std::string(kUnknown) : result.bottleneck;
  });
  sheet.row("delivered ok",
            [](const Result& result) { return std::string(result.delivered_ok ? "yes" : "NO"); });
}

/// "0 B instead of 20.0 GB", or "the same 0 B".
std::string change(const Result& first, const Result& other, const std::string& metric) {
  const std::string before = figure(first, metric);
  const std::string after = figure(other, metric);
  return before == after ? "the same " + after : fmt::format("{} instead of {}", after, before);
}

std::string movement_line(const std::string& label, const MovementRecord& movement,
                          std::size_t width) {
  const std::string where = movement.from + " -> " + movement.to;
  const std::string start =
      fmt::format("  {:<11} {:<5} {:<28} {:>8}  ", label, movement.agent, where,
                  figure(static_cast<double>(movement.bytes), Unit::kBytes));
  return start + hanging(movement.reason, start.size(), width) + "\n";
}

/// "100 clients fetching a file of 100MB".
std::string work_of(const Config& config) {
  const WorkloadConfig& work = config.workload;
  const bool reads = work.kind == WorkloadKind::kRandomReader;
  const bool copies = work.kind == WorkloadKind::kFileCopy;
  const bool pipes = work.kind == WorkloadKind::kPipe;
  const std::string who =
      fmt::format("{} {}{}", work.clients, reads || copies || pipes ? "program" : "client",
                  work.clients == 1 ? "" : "s");
  if (work.kind == WorkloadKind::kWebServer) {
    return fmt::format("{} with {} requests each for {} files", who, work.requests,
                       config.web.files);
  }
  if (work.kind == WorkloadKind::kLogBroker) {
    return fmt::format("{} fetching up to {} at a time from {} log{}", who,
                       to_text(config.broker.fetch), config.broker.partitions,
                       config.broker.partitions == 1 ? "" : "s");
  }
  if (copies) return fmt::format("{} copying a file of {}", who, to_text(work.file_size));
  if (pipes) {
    return fmt::format("{} writing {} times {} into a pipe", who, work.requests,
                       to_text(work.file_size));
  }
  if (work.listed) {
    std::size_t requests = 0;
    for (const auto& client : work.listed->clients) requests += client.size();
    return fmt::format("{} with {} requests of a list for {} files", who, requests,
                       work.listed->file_sizes.size());
  }
  if (reads) {
    const Bytes range = work.range == Bytes(0) ? work.file_size : work.range;
    return fmt::format("{} reading {} times {} of {}", who, work.requests, to_text(range),
                       to_text(work.file_size));
  }
  const std::string files = work.requests == 1 ? "a file" : fmt::format("{} files", work.requests);
  return fmt::format("{} fetching {} of {}", who, files, to_text(work.file_size));
}

}  // namespace

std::string describe(const Config& config, const std::string& scenario, const std::string& how) {
  const std::string chunks =
      goes_by_chunks(config) ? fmt::format(" in chunks of {}", to_text(config.workload.chunk)) : "";
  const std::string work_line = fmt::format("{}{}, {}", work_of(config), chunks, how);
  const std::string& title = config.title.empty() ? scenario : config.title;
  return fmt::format("{}\n{}\n", title, work_line);
}

std::string comparison_table(const Config& config, const std::vector<Result>& results,
                             std::size_t width) {
  Sheet sheet(results);
  add_copies(sheet, config);
  add_system_calls(sheet, config, results);
  add_time(sheet, !results.empty() && results.front().execution == "native");
  return render(sheet.table(), width);
}

std::string overview(const Config& config, const std::vector<Result>& results, std::size_t width) {
  Table table;
  table.uniform = false;
  table.columns = {"CPU", "DMA", "crossings", "switches", "CPU time", "throughput", "bottleneck"};
  std::vector<std::string> units{"copies", "copies", "per byte", "/chunk", "", "", ""};
  table.rows.push_back({"", units});
  for (const Result& result : results) {
    table.row(result.path,
              {figure(result, "cpu_copies_per_byte"), figure(result, "dma_copies_per_byte"),
               figure(result, "bus_crossings_per_byte"), per_chunk(config, result, "mode_switches"),
               figure(result, "cpu_s_per_GB"), figure(result, "throughput_Bps"),
               result.bottleneck.empty() ? std::string("-") : result.bottleneck});
  }
  return render(table, width) + "\n" +
         hanging("`copypath compare --path \"" + results[0].path + " " + results[1].path +
                     "\"` shows two of them side by side, with the reason of every copy.",
                 0, width) +
         "\n";
}

std::string reasons(const Result& result, std::size_t width) {
  std::string numbered;
  std::string control;
  unsigned number = 0;
  for (const MovementRecord& movement : result.movements) {
    if (movement.bytes == 0) continue;
    if (movement.purpose == "control") {
      control += movement_line("  control", movement, width);
    } else {
      const std::string label = fmt::format("{} {}", ++number, movement.purpose);
      numbered += movement_line(label, movement, width);
    }
  }
  return fmt::format("{}: how its bytes travel\n{}{}", result.path, numbered, control);
}

std::string summary(const Result& first, const Result& other, std::size_t width) {
  const std::string sentence =
      fmt::format("{} moves {} with the CPU, and {} over the memory bus.", other.path,
                  change(first, other, "cpu_copied_bytes"), change(first, other, "bus_bytes"));
  return hanging(sentence, 0, width) + "\n";
}

std::string record(const Result& result) {
  std::string text = fmt::format("{} ({})\n", result.path, result.execution);
  const auto add = [&](const std::string& name, const std::string& value) {
    text += fmt::format("  {:<24}{:>14}\n", name, value);
  };
  for (const Metric& metric : metrics()) {
    add(metric.name, figure(result, metric.name));
    if (metric.name != std::string("syscalls_total")) continue;
    for (const auto& [name, count] : result.syscalls) {
      add("  " + name, figure(static_cast<double>(count), Unit::kCount));
    }
  }
  add("bottleneck", result.bottleneck.empty() ? kUnknown : result.bottleneck);
  add("delivered_ok", result.delivered_ok ? "yes" : "NO");
  return text;
}

}  // namespace copypath
