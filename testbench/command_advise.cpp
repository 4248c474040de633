// `copypath advise`: which path a scenario should use, what that saves, and what would matter next,
// found by simulating the paths and then the best of them with one change at a time.
#include <fmt/format.h>

#include "models/paths/path.h"
#include "testbench/advice_report.h"
#include "testbench/command.h"
#include "testbench/locate.h"
#include "testbench/run_outputs.h"
#include "testbench/scenario_arguments.h"
#include "testbench/signals.h"
#include "testbench/table.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr int kInterruptStatus = 128;

constexpr const char* kNotes =
    "Considers every path, or those of --path. workload.transform says what has to happen to the\n"
    "bytes, workload.modifier = untrusted that others may write to the files. What the advice\n"
    "compares with is read_write or, where that is ruled out, the scenario's first path.\n";

bool parse_advise_arguments(const Arguments& words, ScenarioArguments& advise) {
  po::options_description options("Options", kHelpWidth);
  add_scenario_options(options);
  CommandLine line;
  if (!parse(kAdvise, options, words, kNotes, line)) return false;
  Problems problems;
  read_scenario_arguments(kAdvise, line, path_names(), advise, problems);
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

/// The scenario with the paths that are not refused; `first` is its own first path, if that is one.
Scenario load(const ScenarioArguments& advise, std::string& first) {
  try {
    const Scenario own = load_scenario(advise.scenario, advise.overrides, shipped_folder());
    require_paths(own);
    first = own.config.paths.front();
  } catch (const BadInput&) {
    // Its own paths may be refused, which is no problem here; any other is seen below.
  }
  std::vector<Override> overrides = advise.overrides;
  overrides.push_back({"path=" + std::string(kAllPaths), "advise"});
  return load_scenario(advise.scenario, overrides, shipped_folder());
}

std::vector<std::string> candidates(const ScenarioArguments& advise) {
  const bool all = advise.paths.empty() || advise.paths.front() == kAllPaths;
  return all ? path_names() : advise.paths;
}

class Runner {
public:
  Runner(bool show_progress, OutputFile* output) : output_(output) {
    options_.show_progress = show_progress;
    options_.on_orphaned = [this] {
      if (output_ != nullptr) output_->discard();
    };
  }

  std::vector<Result> operator()(const std::vector<Experiment>& experiments) const {
    if (experiments.empty() || interrupt_count() > 0) return {};
    std::vector<Simulation> simulations(experiments.size());
    for (std::size_t i = 0; i < experiments.size(); ++i) {
      simulations[i].path = experiments[i].path;
      simulations[i].label = experiments[i].label;
      simulations[i].config = &experiments[i].config;
    }
    run_all(experiments.front().config, simulations, options_);
    if (interrupt_count() > 0) return {};
    std::vector<Result> results;
    for (const Simulation& simulation : simulations) results.push_back(simulation.result);
    return results;
  }

private:
  OutputFile* output_;
  RunAllOptions options_;
};

int run(const Arguments& words) {
  ScenarioArguments arguments;
  if (!parse_advise_arguments(words, arguments)) return kFine;
  std::string base;
  const Scenario scenario = load(arguments, base);
  if (arguments.dump) {
    write_standard_output(dump(scenario));
    return kFine;
  }
  if (objection("read_write", scenario.config).empty()) base = "read_write";
  const SignalGuard guard;
  std::unique_ptr<OutputFile> json;
  if (!arguments.json.empty()) {
    check_distinct({arguments.json}, {arguments.scenario});
    json = std::make_unique<OutputFile>(arguments.json);
  }
  const Runner runner(!arguments.quiet, json.get());
  const Advice advice =
      advise(scenario.config, candidates(arguments), base,
             [&](const std::vector<Experiment>& experiments) { return runner(experiments); });
  if (interrupt_count() > 0) {
    fmt::print(stderr, "copypath: interrupted\n");
    return kInterruptStatus + interrupt_signal();
  }
  if (json) {
    json->write(advice_json(arguments.scenario, advice));
    json->commit();
  }
  if (!arguments.quiet) {
    const std::string& title = scenario.config.title;
    write_standard_output((title.empty() ? arguments.scenario : title) + "\n\n" +
                          advice_report(advice, terminal_width()));
  }
  return advice.results.empty() ? kFailedExpectation : kFine;
}

}  // namespace

const Command kAdvise{"advise", "SCENARIO", "which path to use, and what would matter next", run};

}  // namespace copypath
