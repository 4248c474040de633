// `copypath run` and `copypath compare`: simulate the paths of a scenario, and report what they
// cost one by one, or side by side with the reasons. Also keeps the promises about output files.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "models/paths/path.h"
#include "testbench/command.h"
#include "testbench/comparison.h"
#include "testbench/keys.h"
#include "testbench/locate.h"
#include "testbench/quantity.h"
#include "testbench/run_arguments.h"
#include "testbench/run_outputs.h"
#include "testbench/signals.h"
#include "testbench/simulations.h"
#include "testbench/table.h"
#include "testbench/verdicts.h"

namespace copypath {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kInterruptStatus = 128;
constexpr Bytes kLongestPacket{65535};  // its length has 16 bits

std::vector<Simulation> plan(const RunArguments& arguments, const std::vector<std::string>& paths,
                             const RunOutputs& outputs) {
  std::vector<Simulation> simulations(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    simulations[i].path = paths[i];
    simulations[i].options.trace_from = arguments.trace_from;
    simulations[i].options.trace_to = arguments.trace_to;
    outputs.set_files(i, simulations[i]);
  }
  return simulations;
}

std::string json_text(const std::string& scenario, const std::vector<Result>& results) {
  Json runs = Json::array();
  for (const Result& result : results) runs.push_back(to_json(result));
  return Json{{"scenario", scenario}, {"runs", runs}}.dump(2) + "\n";
}

/// What cannot be captured.
void check_capture(const RunArguments& arguments, const Config& config) {
  if (arguments.capture.empty()) return;
  if (config.nic.link == Link::kLoopback) {
    throw BadInput({"--pcap: nothing is on a wire with nic.link = loopback, accepted: ethernet"});
  }
  if (find_path(config.paths.front())->local()) {
    throw BadInput({fmt::format(
        "--pcap: nothing is on a wire with workload.kind = {}, accepted: a kind that sends",
        find_key("workload.kind")->get(config))});
  }
  if (config.nic.mtu > kLongestPacket) {
    throw BadInput({fmt::format("--pcap: IP has no packets of nic.mtu = {}, accepted: at most {}",
                                to_text(config.nic.mtu), to_text(kLongestPacket))});
  }
}

/// Simulates the paths and writes the outputs. Nothing if the run was interrupted.
std::vector<Result> simulate_all(const RunArguments& arguments, const Scenario& scenario) {
  const std::vector<std::string>& paths = scenario.config.paths;
  const SignalGuard guard;
  RunOutputs outputs({arguments.json, arguments.trace, arguments.capture}, paths,
                     inputs_of(scenario));
  std::vector<Simulation> simulations = plan(arguments, paths, outputs);
  run_all(scenario.config, simulations, {!arguments.quiet, [&] { outputs.discard(); }});
  if (interrupt_count() > 0) {
    for (std::size_t i = 0; i < simulations.size(); ++i) {
      if (simulations[i].is_whole) outputs.commit_path(i);
    }
    return {};
  }
  std::vector<Result> results;
  for (const Simulation& simulation : simulations) results.push_back(simulation.result);
  outputs.write_json(json_text(arguments.scenario, results));
  outputs.commit();
  return results;
}

std::string records(const std::vector<Result>& results) {
  std::string text;
  for (const Result& result : results) text += "\n" + record(result);
  return text;
}

std::string comparison(const Config& config, const std::vector<Result>& results) {
  const std::size_t width = terminal_width();
  if (results.size() > kSideBySide) return "\n" + overview(config, results, width);
  std::string text = "\n" + comparison_table(config, results, width);
  for (const Result& result : results) text += "\n" + reasons(result, width);
  if (results.size() > 1) text += "\n";
  for (std::size_t i = 1; i < results.size(); ++i) text += summary(results[0], results[i], width);
  return text;
}

using Report = std::string (*)(const Config&, const std::vector<Result>&);

/// Runs the scenario of the command line, and prints what `report` makes of its results.
int run_scenario(const Command& command, const Arguments& words, Report report) {
  RunArguments arguments;
  if (!parse_run_arguments(command, words, arguments)) return kFine;
  const Scenario scenario =
      load_scenario(arguments.scenario, arguments.overrides, shipped_folder());
  if (arguments.dump) {
    write_standard_output(dump(scenario));
    return kFine;
  }
  require_paths(scenario);
  check_capture(arguments, scenario.config);
  const std::vector<Result> results = simulate_all(arguments, scenario);
  if (interrupt_count() > 0) {
    fmt::print(stderr, "copypath: interrupted\n");
    return kInterruptStatus + interrupt_signal();
  }
  const std::string how = scenario.config.timing == Timing::kBurst ? "burst" : "fluid";
  return conclude(scenario, results, arguments.quiet,
                  describe(scenario.config, arguments.scenario, how + " timing") +
                      report(scenario.config, results));
}

int run(const Arguments& arguments) {
  return run_scenario(kRun, arguments, [](const Config&, const std::vector<Result>& results) {
    return records(results);
  });
}

int compare(const Arguments& arguments) { return run_scenario(kCompare, arguments, comparison); }

}  // namespace

const Command kRun{"run", "SCENARIO", "simulate the paths of a scenario and print what they cost",
                   run};

const Command kCompare{"compare", "SCENARIO",
                       "the paths of a scenario side by side, and why each copy exists", compare};

}  // namespace copypath
