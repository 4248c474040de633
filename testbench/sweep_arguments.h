// The command line of `sweep`: what varies, and where the results go.
#pragma once

#include <string>
#include <vector>

#include "testbench/scenario_arguments.h"
#include "testbench/sweep.h"

namespace copypath {

struct SweepArguments : ScenarioArguments {
  std::vector<Axis> axes;
  std::string csv;  ///< empty: none
  double precision = 0.01;
};

/// Throws BadInput with everything that is wrong. Returns false if the help was printed instead.
bool parse_sweep_arguments(const Command& command, const Arguments& words, SweepArguments& sweep);

}  // namespace copypath
