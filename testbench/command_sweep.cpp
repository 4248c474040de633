// `copypath sweep`: a scenario at every point of a grid, in as many processes as there are
// processors, and where its verdict changes. A sweep that was stopped goes on where it stopped.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "testbench/command.h"
#include "testbench/comparison.h"
#include "testbench/locate.h"
#include "testbench/run_outputs.h"
#include "testbench/signals.h"
#include "testbench/sweep_arguments.h"
#include "testbench/sweep_report.h"
#include "testbench/sweep_state.h"
#include "testbench/table.h"

namespace copypath {

namespace {

constexpr int kInterruptStatus = 128;

struct SweepInterrupted {};

/// Loads the scenario at points, and simulates there what the state does not know yet.
class Evaluator {
public:
  Evaluator(const SweepArguments& arguments, SweepState& state, std::function<void()> on_orphaned)
      : arguments_(arguments), state_(state), on_orphaned_(std::move(on_orphaned)) {}

  Scenario load(const Point& point) const {
    std::vector<Override> overrides = arguments_.overrides;
    for (std::size_t i = 0; i < point.size(); ++i) {
      overrides.push_back({arguments_.axes[i].key->name + "=" + point[i], "--vary"});
    }
    Scenario scenario = load_scenario(arguments_.scenario, overrides, shipped_folder());
    require_paths(scenario);
    return scenario;
  }

  /// The scenario at every point of the grid; throws BadInput with all that is wrong anywhere.
  std::vector<Scenario> load_grid() const {
    Problems problems;
    std::vector<Scenario> scenarios;
    for (const Point& point : grid_of(arguments_.axes)) {
      try {
        scenarios.push_back(load(point));
      } catch (const BadInput& bad) {
        for (const std::string& problem : bad.problems()) {
          const bool known = std::count(problems.begin(), problems.end(), problem) != 0;
          if (!known) problems.push_back(problem);
        }
      }
    }
    if (!problems.empty()) throw BadInput(problems);
    return scenarios;
  }

  std::vector<std::vector<Result>> operator()(const std::vector<Point>& points) {
    std::vector<std::vector<Result>> results(points.size());
    std::deque<Config> configs;  // which the simulations refer to
    std::vector<Simulation> simulations;
    std::vector<std::string> fingerprints;
    std::vector<std::vector<std::string>> wanted(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      try {
        configs.push_back(load(points[i]).config);
      } catch (const BadInput&) {
        continue;  // bisection has come to values that do not go together
      }
      for (const std::string& path : configs.back().paths) {
        wanted[i].push_back(fingerprint(configs.back(), path));
        if (state_.find(wanted[i].back()) != nullptr) continue;
        Simulation simulation;
        simulation.path = path;
        simulation.config = &configs.back();
        simulation.label = path + ", " + text_of(arguments_.axes, points[i]);
        simulations.push_back(simulation);
        fingerprints.push_back(wanted[i].back());
      }
    }
    RunAllOptions options;
    options.show_progress = !arguments_.quiet;
    options.on_orphaned = on_orphaned_;
    options.on_result = [&](std::size_t i) { state_.add(fingerprints[i], simulations[i].result); };
    if (!simulations.empty()) run_all(configs.front(), simulations, options);
    if (interrupt_count() > 0) throw SweepInterrupted();
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (const std::string& known : wanted[i]) results[i].push_back(*state_.find(known));
    }
    return results;
  }

private:
  const SweepArguments& arguments_;
  SweepState& state_;
  std::function<void()> on_orphaned_;
};

/// CSV and JSON, reserved before anything is simulated.
class Outputs {
public:
  explicit Outputs(const SweepArguments& arguments, const std::vector<std::string>& inputs) {
    check_distinct({arguments.csv, arguments.json}, inputs);
    for (const std::string& target : {arguments.csv, arguments.json}) {
      if (!target.empty()) files_.push_back(std::make_unique<OutputFile>(target));
    }
  }

  /// Beside the first one that is a file; empty if there is none.
  std::string state_file() const {
    for (const auto& file : files_) {
      if (file->is_replaceable()) return file->target() + ".resume";
    }
    return "";
  }

  void write(const std::string& csv, const std::string& json) {
    std::size_t next = 0;
    if (!csv.empty()) files_.at(next++)->write(csv);
    if (!json.empty()) files_.at(next)->write(json);
    for (const bool replaceable : {false, true}) {
      for (const auto& file : files_) {
        if (file->is_replaceable() == replaceable) file->commit();
      }
    }
  }

  void discard() {
    for (const auto& file : files_) file->discard();
  }

private:
  std::vector<std::unique_ptr<OutputFile>> files_;
};

std::string heading(const Scenario& first, const SweepArguments& arguments) {
  const std::string& title = first.config.title;
  return (title.empty() ? arguments.scenario : title) + "\n\n";
}

int run(const Arguments& words) {
  SweepArguments arguments;
  if (!parse_sweep_arguments(kSweep, words, arguments)) return kFine;
  SweepState unused("");
  const std::vector<Scenario> scenarios = Evaluator(arguments, unused, [] {}).load_grid();
  if (arguments.dump) {
    write_standard_output(dump(scenarios.front()));
    return kFine;
  }
  const SignalGuard guard;
  std::vector<std::string> inputs;  // a host profile for each host, if hosts are varied
  for (const Scenario& scenario : scenarios) {
    for (const std::string& input : inputs_of(scenario)) inputs.push_back(input);
  }
  Outputs outputs(arguments, inputs);
  SweepState state(outputs.state_file());
  if (state.restored() > 0 && !arguments.quiet) {
    fmt::print(stderr, "copypath: going on from {} results in {}\n", state.restored(),
               outputs.state_file());
  }
  Sweep sweep(arguments.axes, Evaluator(arguments, state, [&] { outputs.discard(); }),
              arguments.precision);
  try {
    sweep.run();
  } catch (const SweepInterrupted&) {
    const std::string kept = outputs.state_file();
    fmt::print(stderr, "copypath: interrupted{}\n",
               kept.empty() ? "" : "; the same command goes on from what is in " + kept);
    return kInterruptStatus + interrupt_signal();
  }
  const bool csv = !arguments.csv.empty();
  const bool json = !arguments.json.empty();
  outputs.write(
      csv ? sweep_csv(arguments.axes, sweep) : "",
      json ? sweep_json(arguments.scenario, arguments.axes, sweep, arguments.precision) : "");
  state.remove();
  if (!arguments.quiet) {
    write_standard_output(heading(scenarios.front(), arguments) +
                          sweep_report(arguments.axes, sweep, terminal_width()));
  }
  int status = kFine;
  for (const Sample& sample : sweep.samples()) {
    for (const Result& result : sample.results) {
      if (result.delivered_ok) continue;
      status = kFailedExpectation;
      fmt::print(stderr, "copypath: {} at {}: the clients did not get what they asked for\n",
                 result.path, text_of(arguments.axes, sample.point));
    }
  }
  return status;
}

}  // namespace

const Command kSweep{"sweep", "SCENARIO", "simulate a scenario with many values of its keys", run};

}  // namespace copypath
