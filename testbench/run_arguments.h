// The command line of `run` and `compare`, which take the same options.
#pragma once

#include <string>

#include "testbench/scenario_arguments.h"

namespace copypath {

struct RunArguments : ScenarioArguments {
  std::string trace;    ///< empty: none
  std::string capture;  ///< empty: none
  sc_time trace_from = sc_core::SC_ZERO_TIME;
  sc_time trace_to = sc_core::sc_max_time();
};

/// Throws BadInput with everything that is wrong. Returns false if the help was printed instead.
bool parse_run_arguments(const Command& command, const Arguments& arguments, RunArguments& run);

}  // namespace copypath
