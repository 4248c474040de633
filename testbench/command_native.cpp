// `copypath native`: executes the paths of a scenario through real system calls on this machine,
// and reports what was measured. What a measurement cannot know stays unknown; what the machine
// cannot do is skipped, and the reason is said.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "models/paths/path.h"
#include "models/platform/simulate.h"
#include "testbench/comparison.h"
#include "testbench/figures.h"
#include "testbench/locate.h"
#include "testbench/native_arguments.h"
#include "testbench/native_fit.h"
#include "testbench/progress.h"
#include "testbench/quantity.h"
#include "testbench/run_outputs.h"
#include "testbench/signals.h"
#include "testbench/table.h"
#include "testbench/verdicts.h"

namespace copypath {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kInterruptStatus = 128;

/// The paths to run, and those of the model that have no program here.
struct Plan {
  std::vector<const native::Path*> paths;
  std::vector<native::Outcome> skipped;
};

Plan plan(const Config& config) {
  Plan plan;
  for (const std::string& name : config.paths) {
    const std::string reason = not_native(name, config);
    if (reason.empty()) {
      plan.paths.push_back(native::find_path(name));
    } else {
      native::Outcome outcome;
      outcome.path = name;
      outcome.skipped = reason;
      plan.skipped.push_back(outcome);
    }
  }
  return plan;
}

native::Report execute(const NativeArguments& arguments, const Config& config,
                       RunOutputs& outputs) {
  const Plan wanted = plan(config);
  std::vector<std::string> parts{"files"};
  for (const native::Path* path : wanted.paths) parts.emplace_back(path->name);
  ProgressLine progress(parts, !arguments.quiet);
  native::Options options = arguments.options;
  options.interrupted = [] { return interrupt_count() > 0; };
  options.on_orphaned = [&] { outputs.discard(); };
  options.progress = [&](std::size_t part, double share) { progress.update(part, share); };
  native::Report report;
  if (!wanted.paths.empty()) report = native::run_all(config, wanted.paths, options);
  report.outcomes.insert(report.outcomes.end(), wanted.skipped.begin(), wanted.skipped.end());
  return report;
}

std::string numbers(const std::vector<int>& processors) {
  return fmt::format("{}", fmt::join(processors, ","));
}

Json conditions_json(const NativeArguments& arguments, const native::Conditions& conditions) {
  return {{"kernel", conditions.kernel},
          {"link", arguments.options.wire == native::Wire::kVeth ? "veth" : "loopback"},
          {"congestion_control", conditions.congestion_control},
          {"send_buffer_bytes", conditions.send_buffer.count()},
          {"server_processors", conditions.processors.servers},
          {"client_processor", conditions.processors.clients},
          {"resident_before", conditions.resident},
          {"locked", conditions.locked},
          {"write_size_bytes", conditions.write_size.count()},
          {"evidence", arguments.options.evidence && conditions.unwatched.empty()},
          {"repetitions", arguments.options.repeat}};
}

Json run_json(const native::Outcome& outcome) {
  Json json = to_json(outcome.result);
  json["spread"] = Json::object();
  for (const Metric& metric : metrics()) {
    const auto found = outcome.spread.find(metric.name);
    if (found == outcome.spread.end()) continue;
    json["spread"][metric.name] = {{"min", found->second.least},
                                   {"median", found->second.median},
                                   {"variation", found->second.variation}};
  }
  return json;
}

std::string json_text(const NativeArguments& arguments, const native::Report& report) {
  Json runs = Json::array();
  Json skipped = Json::array();
  for (const native::Outcome& outcome : report.outcomes) {
    if (outcome.skipped.empty()) {
      runs.push_back(run_json(outcome));
    } else {
      skipped.push_back({{"path", outcome.path}, {"reason", outcome.skipped}});
    }
  }
  return Json{{"scenario", arguments.scenario},
              {"conditions", conditions_json(arguments, report.conditions)},
              {"runs", runs},
              {"skipped", skipped}}
             .dump(2) +
         "\n";
}

/// The circumstances in a few lines.
std::string conditions_text(const NativeArguments& arguments, const Config& config,
                            const native::Conditions& conditions) {
  const bool alone = conditions.processors.servers.front() == conditions.processors.clients;
  std::string text = fmt::format(
      "Linux {}, TCP over {} with {}, send buffer {}; server on processor {}, clients on {}\n",
      conditions.kernel,
      arguments.options.wire == native::Wire::kVeth ? "virtual Ethernet" : "127.0.0.1",
      conditions.congestion_control, to_text(conditions.send_buffer),
      numbers(conditions.processors.servers),
      alone ? "the same" : std::to_string(conditions.processors.clients));
  text += fmt::format("files in {}, {} resident before each run{}; {} runs of each path, medians\n",
                      conditions.folder, percent(conditions.resident),
                      conditions.locked ? " and locked" : "", arguments.options.repeat);
  std::vector<std::string> ignored;
  if (!arguments.options.pace) ignored.emplace_back("nic.rate (--pace emulates it)");
  if (config.workload.client_rate != Rate(0)) ignored.emplace_back("workload.client_rate");
  if (config.workload.kind == WorkloadKind::kStaticList)
    ignored.emplace_back("the times of requests");
  if (config.workload.kind == WorkloadKind::kLogBroker) {
    ignored.emplace_back("broker.threads (each client has its own), followers, stagger");
  }
  if (!ignored.empty())
    text += "not emulated: " + fmt::format("{}", fmt::join(ignored, ", ")) + "\n";
  return text;
}

/// The paths from the cheapest to the dearest, by the least of their runs, with how much these
/// differ.
std::string ranking(std::vector<native::Outcome> outcomes, std::size_t width) {
  const auto least = [](const native::Outcome& outcome, const char* metric) {
    return outcome.spread.at(metric).least;
  };
  const auto varies = [](const native::Outcome& outcome, const char* metric) {
    return percent(outcome.spread.at(metric).variation);
  };
  const std::string first = outcomes.front().path;
  const double reference = least(outcomes.front(), "cpu_s_per_GB");
  std::stable_sort(outcomes.begin(), outcomes.end(), [&](const auto& a, const auto& b) {
    return least(a, "cpu_s_per_GB") < least(b, "cpu_s_per_GB");
  });
  Table table;
  table.uniform = false;
  table.columns = {"CPU per GB", "varies", "ratio", "elapsed", "varies", "calls", "copied"};
  table.heading(fmt::format("Least of the runs; ratio to {}", first));
  for (const native::Outcome& outcome : outcomes) {
    const double cpu = least(outcome, "cpu_s_per_GB");
    const auto sends = outcome.result.value("zerocopy_completions").value_or(0);
    table.row(outcome.path,
              {figure(cpu, Unit::kSecondsPerGB), varies(outcome, "cpu_s_per_GB"),
               reference > 0 ? figure(cpu / reference, Unit::kRatio) : "-",
               figure(least(outcome, "elapsed_s"), Unit::kSeconds), varies(outcome, "elapsed_s"),
               figure(outcome.result, "syscalls_total"),
               sends > 0 ? percent(*outcome.result.value("zerocopy_copied") / sends) : "-"});
  }
  return render(table, width) + "copied: sends by reference that the kernel has copied after all\n";
}

/// What lies behind the payload, as the probes have seen it: shares of all that was sent, and of
/// what the file holds.
std::string evidence_text(const std::vector<Result>& results, std::size_t width) {
  Table table;
  table.uniform = false;
  table.columns = {"page cache", "user", "kernel", "linear",
                   "page cache", "user", "kernel", "read()"};
  table.heading("Memory behind the bytes: sent (4 columns), received (3), copied");
  for (const Result& result : results) {
    const auto bytes = [&](const char* metric) { return result.value(metric).value_or(0); };
    if (!result.value("sent_file_bytes")) continue;
    const double sent = bytes("sent_file_bytes") + bytes("sent_other_file_bytes") +
                        bytes("sent_user_bytes") + bytes("sent_kernel_bytes") +
                        bytes("sent_linear_bytes");
    const double received = bytes("received_file_bytes") + bytes("received_user_bytes") +
                            bytes("received_kernel_bytes");
    const auto share = [&](const char* metric, double whole) {
      const auto part = result.value(metric);
      return part && whole > 0 ? percent(*part / whole) : "-";
    };
    table.row(result.path,
              {share("sent_file_bytes", sent), share("sent_user_bytes", sent),
               share("sent_kernel_bytes", sent), share("sent_linear_bytes", sent),
               share("received_file_bytes", received), share("received_user_bytes", received),
               share("received_kernel_bytes", received),
               share("read_copied_bytes", bytes("payload_bytes"))});
  }
  return render(table, width) +
         "in the page cache or the user's pages: by reference; in kernel memory, or linear: "
         "copied\n";
}

std::string evidence(const native::Conditions& conditions, const std::vector<Result>& results,
                     std::size_t width) {
  if (conditions.unwatched.empty()) return evidence_text(results, width);
  return "no evidence of copies: " + conditions.unwatched + "\n";
}

std::string report_text(const NativeArguments& arguments, const Config& config,
                        const native::Report& report, const std::vector<Result>& results) {
  std::vector<native::Outcome> done;
  std::string skipped;
  for (const native::Outcome& outcome : report.outcomes) {
    if (outcome.skipped.empty()) done.push_back(outcome);
    if (!outcome.skipped.empty())
      skipped += fmt::format("skipped: {}: {}\n", outcome.path, outcome.skipped);
  }
  const std::size_t width = terminal_width();
  std::string text = describe(config, arguments.scenario, "real system calls");
  if (!done.empty()) {
    text += conditions_text(arguments, config, report.conditions);
    text += "\n";
    if (done.size() <= kSideBySide) text += comparison_table(config, results, width) + "\n";
    text += ranking(done, width);
    if (arguments.options.evidence) text += "\n" + evidence(report.conditions, results, width);
  }
  return text + (skipped.empty() ? "" : "\n" + skipped);
}

int native_command(const Arguments& words) {
  NativeArguments arguments;
  if (!parse_native_arguments(kNative, words, arguments)) return kFine;
  Scenario scenario = load_scenario(arguments.scenario, arguments.overrides, shipped_folder());
  if (!arguments.paths.empty()) {
    scenario.config.paths = arguments.paths;
    scenario.left_out.clear();  // what the model refuses is not what is asked for
  }
  if (arguments.paths == std::vector<std::string>{kAllPaths}) {
    scenario.config.paths = native_path_names();
  }
  require_paths(scenario);
  if (arguments.dump) {
    write_standard_output(dump(scenario));
    return kFine;
  }
  if (!arguments.sink_is_given) {
    arguments.options.sink = native::sink_of(scenario.config.workload.sink);
  }
  const SignalGuard guard;
  RunOutputs outputs({arguments.json, "", ""}, {}, inputs_of(scenario));
  native::Report report;
  try {
    report = execute(arguments, scenario.config, outputs);
  } catch (const Interrupted&) {
    fmt::print(stderr, "copypath: interrupted\n");
    return kInterruptStatus + interrupt_signal();
  }
  std::vector<Result> results;
  for (const native::Outcome& outcome : report.outcomes) {
    if (outcome.skipped.empty()) results.push_back(outcome.result);
    if (!outcome.problem.empty()) {
      fmt::print(stderr, "copypath: {}: {}\n", outcome.path, outcome.problem);
    }
  }
  outputs.write_json(json_text(arguments, report));
  outputs.commit();
  const int status = conclude(scenario, results, arguments.quiet,
                              report_text(arguments, scenario.config, report, results));
  if (!results.empty()) return status;
  fmt::print(stderr, "copypath: none of the paths can be run here\n");
  return kMachineLacks;
}

}  // namespace

const Command kNative{"native", "SCENARIO",
                      "the paths of a scenario through real system calls, measured",
                      native_command};

}  // namespace copypath
