#include "testbench/validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

namespace copypath {

namespace {

/// Calls that a server makes until something has happened: how often depends on when it does.
const std::set<std::string> kWaitingCalls{"poll", "recvmsg", "ioctl", "clock_nanosleep"};
/// Calls of a proxy that take what has arrived, and pass that on.
const std::set<std::string> kPassingCalls{"recv", "send", "splice"};

constexpr std::array<const char*, 14> kCounters{
    "payload_bytes",         "page_cache_hits",       "page_cache_misses",   "disk_bytes",
    "sent_file_bytes",       "sent_other_file_bytes", "sent_user_bytes",     "sent_kernel_bytes",
    "sent_linear_bytes",     "read_copied_bytes",     "received_file_bytes", "received_user_bytes",
    "received_kernel_bytes", "zerocopy_completions"};

/// Of files that are in memory. Whether a fault finds a page on its way from the disk, and waits
/// for it once or twice, depends on when the disk answers.
constexpr std::array<const char*, 2> kWarmCounters{"faults_minor", "faults_major"};

bool is_about_what_is_received(const std::string& metric) {
  return metric.compare(0, 9, "received_") == 0;
}

/// The least of the runs: the program's own memory has faults, too, where the kernel has taken an
/// idle page of it or a sanitizer keeps one beside it.
std::optional<double> own_faults_aside(const native::Outcome& outcome, const char* metric) {
  const auto found = outcome.spread.find(metric);
  if (found == outcome.spread.end()) return outcome.result.value(metric);
  return found->second.least;
}

/// What is counted in pages, and in blocks of the disk, where files, requests or calls may end
/// within one: the model counts a page in every call that touches it, and of a last block what the
/// file has of it; a native run a page once for a request, and whole blocks.
const std::set<std::string> kOfWholePages{"page_cache_hits", "disk_bytes"};

bool is_in_whole_pages(const WorkloadConfig& work) {
  const auto whole = [](Bytes bytes) { return bytes % kPageSize == Bytes(0); };
  return whole(work.file_size) && whole(work.chunk) && whole(request_size(work, work.file_size));
}

void add_counters(const Result& predicted, const native::Outcome& outcome, const Config& config,
                  ValidatedPath& path) {
  const bool proxied = config.workload.kind == WorkloadKind::kProxy;
  const bool whole_pages = is_in_whole_pages(config.workload);
  const Result& measured = outcome.result;
  const auto add = [&](const char* metric) {
    const auto a = predicted.value(metric);
    const auto b = measured.value(metric);
    if (a && b) path.counters.push_back({metric, *a, *b, 0});
  };
  for (const char* metric : kCounters) {
    if (whole_pages || kOfWholePages.count(metric) == 0) add(metric);
  }
  if (predicted.value("disk_bytes").value_or(0) == 0) {
    for (const char* metric : kWarmCounters) {
      const auto a = predicted.value(metric);
      const auto b = own_faults_aside(outcome, metric);
      if (a && b) path.counters.push_back({metric, *a, *b, 0});
    }
  }
  std::set<std::string> calls;
  for (const auto& [name, count] : predicted.syscalls) calls.insert(name);
  for (const auto& [name, count] : measured.syscalls) calls.insert(name);
  double switches_predicted = 0;
  double switches_measured = 0;
  for (const std::string& name : calls) {
    if (kWaitingCalls.count(name) != 0) continue;
    if (proxied && kPassingCalls.count(name) != 0) continue;
    const Figure figure{"syscalls." + name, predicted.value("syscalls." + name).value_or(0),
                        measured.value("syscalls." + name).value_or(0), 0};
    switches_predicted += 2 * figure.predicted;
    switches_measured += 2 * figure.measured;
    path.counters.push_back(figure);
  }
  path.counters.push_back({"mode_switches", switches_predicted, switches_measured, 0});
}

ValidatedPath validated_path(const Result& predicted, const native::Outcome& outcome,
                             const Config& config) {
  ValidatedPath path;
  path.path = outcome.path;
  path.skipped = outcome.skipped;
  if (!path.skipped.empty()) return path;
  add_counters(predicted, outcome, config, path);
  path.reads_disk = predicted.value("disk_bytes").value_or(0) > 0;
  const double gigabytes = predicted.value("payload_bytes").value_or(0) / 1e9;
  const native::Spread& cpu = outcome.spread.at("cpu_s_per_GB");
  path.cpu = {"cpu_s_per_GB", predicted.value("server_cpu_s").value_or(0) / gigabytes, cpu.least,
              cpu.variation};
  const native::Spread& elapsed = outcome.spread.at("elapsed_s");
  path.throughput = {"throughput_Bps", predicted.value("throughput_Bps").value_or(0),
                     elapsed.least == 0 ? 0 : gigabytes * 1e9 / elapsed.least, elapsed.variation};
  return path;
}

void add_ratios(std::vector<ValidatedPath>& paths) {
  const ValidatedPath& first = paths.front();
  if (!first.skipped.empty() || first.cpu.measured == 0 || first.cpu.predicted == 0) return;
  for (std::size_t i = 1; i < paths.size(); ++i) {
    ValidatedPath& path = paths[i];
    if (!path.skipped.empty()) continue;
    const auto relative = [](const Figure& figure, const Figure& to) {
      return Figure{"ratio", figure.predicted / to.predicted, figure.measured / to.measured,
                    figure.spread};
    };
    path.ratio = relative(path.cpu, first.cpu);
    if (!path.reads_disk) path.faster = relative(path.throughput, first.throughput);
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[(values.size() - 1) / 2];
}

std::string percent_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

/// Calls `use` for every path that was run.
template <typename Use>
void for_each_path(const std::vector<ValidatedScenario>& scenarios, Use use) {
  for (const ValidatedScenario& scenario : scenarios) {
    for (const ValidatedPath& path : scenario.paths) {
      if (path.skipped.empty()) use(scenario, path);
    }
  }
}

Claim counters_verdict(const std::vector<ValidatedScenario>& scenarios) {
  std::size_t all = 0;
  std::size_t wrong = 0;
  for_each_path(scenarios, [&](const ValidatedScenario&, const ValidatedPath& path) {
    for (const Figure& counter : path.counters) {
      ++all;
      if (!agrees(counter, path)) ++wrong;
    }
  });
  return {"every counter is the same", fmt::format("{} of {} differ", wrong, all), wrong == 0};
}

Claim order_verdict(const std::vector<ValidatedScenario>& scenarios) {
  std::size_t pairs = 0;
  std::string wrong;
  for (const ValidatedScenario& scenario : scenarios) {
    if (scenario.validates != Validates::kCpuTime) continue;
    for (const ValidatedPath& a : scenario.paths) {
      for (const ValidatedPath& b : scenario.paths) {
        if (!a.skipped.empty() || !b.skipped.empty()) continue;
        const double noise = std::max(kNoiseOfLeast, kNoise * std::max(a.cpu.spread, b.cpu.spread));
        if (a.cpu.measured * (1 + noise) >= b.cpu.measured) continue;
        ++pairs;
        if (a.cpu.predicted < b.cpu.predicted) continue;
        wrong += fmt::format("; {} and {} ({})", a.path, b.path, scenario.title);
      }
    }
  }
  return {
      fmt::format("paths are in the right order by CPU time, where they differ by more than {} and "
                  "twice the spread",
                  percent_text(kNoiseOfLeast)),
      fmt::format("{} pairs{}", pairs, wrong.empty() ? "" : ", not" + wrong.substr(1)),
      wrong.empty()};
}

Claim median_verdict(const char* what, const std::vector<double>& errors, double allowed) {
  const double found = median(errors);
  return {fmt::format("{}: median error at most {}", what, percent_text(allowed)),
          fmt::format("{} of {}", percent_text(found), errors.size()), found <= allowed};
}

Claim worst_verdict(const char* what, const std::vector<double>& errors, double allowed) {
  const double found = errors.empty() ? 0 : *std::max_element(errors.begin(), errors.end());
  return {fmt::format("{}: worst error at most {}", what, percent_text(allowed)),
          fmt::format("{} of {}", percent_text(found), errors.size()), found <= allowed};
}

Claim keeping_up_verdict(const std::vector<ValidatedScenario>& scenarios) {
  std::size_t paths = 0;
  std::string wrong;
  for_each_path(scenarios, [&](const ValidatedScenario& scenario, const ValidatedPath& path) {
    if (scenario.validates != Validates::kWire) return;
    ++paths;
    if (keeps_up(path, &Figure::predicted) == keeps_up(path, &Figure::measured)) return;
    wrong += fmt::format("; {} ({})", path.path, scenario.title);
  });
  return {"whether the wire or the processor is the limit is predicted rightly",
          fmt::format("{} paths{}", paths, wrong.empty() ? "" : ", not" + wrong.substr(1)),
          wrong.empty()};
}

}  // namespace

bool keeps_up(const ValidatedPath& path, double Figure::*side) {
  return path.cpu.*side * path.throughput.*side / 1e9 < kBusy;
}

bool agrees_on_wire(const ValidatedPath& path) {
  const bool predicted = keeps_up(path, &Figure::predicted);
  if (predicted != keeps_up(path, &Figure::measured)) return false;
  return !predicted || std::abs(path.throughput.error()) <= kWireTolerance;
}

bool agrees(const Figure& counter, const ValidatedPath& path) {
  if (counter.exact()) return true;
  if (!is_about_what_is_received(counter.metric)) return false;
  return std::abs(counter.predicted - counter.measured) <= path.counters.front().predicted / 1000;
}

Validates what_it_validates(const Config& config) {
  // Of what a proxy's receiving costs there is no primitive yet.
  if (config.workload.kind == WorkloadKind::kProxy) return Validates::kCountersOnly;
  if (config.nic.link == Link::kEthernet) return Validates::kWire;
  // What random reads cost is a matter of the memory's latency, which no primitive shows.
  const bool steady = config.page_cache.warm == 1 && config.workload.sink == Sink::kPoll &&
                      config.workload.kind != WorkloadKind::kRandomReader;
  return steady ? Validates::kCpuTime : Validates::kCountersOnly;
}

ValidatedScenario validated(const std::string& file, const Config& config,
                            const std::vector<Result>& predicted, const native::Report& measured) {
  ValidatedScenario scenario;
  scenario.file = file;
  scenario.title = config.title;
  scenario.config = config;
  scenario.conditions = measured.conditions;
  scenario.validates = what_it_validates(config);
  for (const Result& result : predicted) {
    for (const native::Outcome& outcome : measured.outcomes) {
      if (outcome.path != result.path) continue;
      scenario.paths.push_back(validated_path(result, outcome, config));
    }
  }
  if (!scenario.paths.empty()) add_ratios(scenario.paths);
  return scenario;
}

std::vector<Claim> verdicts(const std::vector<ValidatedScenario>& scenarios, bool timing) {
  std::vector<Claim> list{counters_verdict(scenarios)};
  if (!timing) return list;
  std::vector<double> ratios;
  std::vector<double> absolutes;
  std::vector<double> throughputs;
  std::vector<double> wires;
  for_each_path(scenarios, [&](const ValidatedScenario& scenario, const ValidatedPath& path) {
    if (scenario.validates == Validates::kWire && keeps_up(path, &Figure::predicted)) {
      wires.push_back(std::abs(path.throughput.error()));
    }
    if (scenario.validates != Validates::kCpuTime) return;
    absolutes.push_back(std::abs(path.cpu.error()));
    if (path.ratio) ratios.push_back(std::abs(path.ratio->error()));
    if (path.faster) throughputs.push_back(std::abs(path.faster->error()));
  });
  if (!absolutes.empty()) {
    list.push_back(median_verdict("CPU time relative to the first path", ratios, kMedianOfRatios));
    list.push_back(worst_verdict("CPU time relative to the first path", ratios, kWorstOfRatios));
    list.push_back(median_verdict("CPU time per GB", absolutes, kMedianOfAbsolutes));
    list.push_back(order_verdict(scenarios));
    const char* const throughput = "throughput of files in memory relative to the first path";
    list.push_back(median_verdict(throughput, throughputs, kMedianOfRatios));
    list.push_back(worst_verdict(throughput, throughputs, kWorstOfRatios));
  }
  const bool wired =
      std::any_of(scenarios.begin(), scenarios.end(),
                  [](const ValidatedScenario& one) { return one.validates == Validates::kWire; });
  if (wired) {
    list.push_back(worst_verdict("throughput of a wire", wires, kWireTolerance));
    list.push_back(keeping_up_verdict(scenarios));
  }
  return list;
}

}  // namespace copypath
