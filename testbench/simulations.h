// Simulates the paths of a scenario, or of many configurations, side by side: one child process for
// each, because a process can elaborate only one platform, and as many at a time as there are
// processors.
// A child sends its progress and its result record through a pipe, as lines of JSON.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/platform/simulate.h"

namespace copypath {

/// What is simulated in one child.
struct Simulation {
  std::string path;
  RunOptions options;              ///< `progress` is set by run_all
  std::string trace_name;          ///< what messages call options.trace_file
  std::string capture_name;        ///< and options.capture_file
  const Config* config = nullptr;  ///< nullptr: the one that run_all is given
  std::string label;               ///< what messages call it; empty: the path

  bool is_whole = false;  ///< out: ended, or interrupted in good order, with its files
  Result result;          ///< out: valid unless the run was interrupted
};

/// A simulation that failed through no fault of the user.
struct SimulationFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct RunAllOptions {
  bool show_progress = true;
  /// Called in a child whose parent has died: removes what the parent can no longer remove.
  std::function<void()> on_orphaned = [] {};
  /// Called when a result has come in, with the index of its simulation.
  std::function<void(std::size_t)> on_result = [](std::size_t) {};
};

/// Runs them all, and fills in their results. Stops early, without a result for each, when the
/// program is interrupted (signals.h). Throws OutputError or SimulationFailure for the first one
/// that fails, after the others have ended. Must be called before anything is elaborated.
void run_all(const Config& config, std::vector<Simulation>& simulations,
             const RunAllOptions& options);

}  // namespace copypath
