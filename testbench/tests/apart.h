// Whole machines for tests that need many of them: each run is simulated in a process of its own,
// as SystemC elaborates once per process, and reports through the same channel as the program's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/paths/path.h"
#include "testbench/simulations.h"

namespace copypath {

/// Simulates `names` side by side; results by path. Throws SimulationFailure with the reason.
inline std::map<std::string, Result> simulate_apart(const Config& config,
                                                    const std::vector<std::string>& names) {
  std::vector<Simulation> simulations;
  for (const std::string& name : names) {
    simulations.emplace_back();
    simulations.back().path = name;
  }
  RunAllOptions options;
  options.show_progress = false;
  run_all(config, simulations, options);
  std::map<std::string, Result> results;
  for (const Simulation& simulation : simulations) results[simulation.path] = simulation.result;
  return results;
}

/// One path.
inline Result simulate_apart(const Config& config, const std::string& name) {
  return simulate_apart(config, std::vector<std::string>{name}).at(name);
}

/// All paths that the machine does not refuse.
inline std::map<std::string, Result> simulate_apart(const Config& config) {
  std::vector<std::string> names;
  for (const Path* path : paths()) {
    if (refusal(*path, config).empty()) names.emplace_back(path->name);
  }
  return simulate_apart(config, names);
}

}  // namespace copypath
