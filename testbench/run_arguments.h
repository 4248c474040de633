// The command line of `run` and `compare`, which take the same options.
#pragma once

#include <string>
#include <vector>

#include "testbench/command.h"
#include "testbench/scenario.h"

namespace copypath {

struct RunArguments {
  std::string scenario;
  std::vector<Override> overrides;  ///< from --set and --timing, in that order
  std::string trace;                ///< empty: none
  sc_time trace_from = sc_core::SC_ZERO_TIME;
  sc_time trace_to = sc_core::sc_max_time();
  std::string json;  ///< empty: none
  bool quiet = false;
  bool dump = false;
};

/// Throws BadInput with everything that is wrong. Returns false if the help was printed instead.
bool parse_run_arguments(const Command& command, const Arguments& arguments, RunArguments& run);

}  // namespace copypath
