// The command line of `native`.
#pragma once

#include "native/runner.h"
#include "testbench/scenario_arguments.h"

namespace copypath {

struct NativeArguments : ScenarioArguments {
  native::Options options;
  bool sink_is_given = false;  ///< by --sink, not by the scenario
};

/// The paths that can be run natively.
std::vector<std::string> native_path_names();

/// Throws BadInput with everything that is wrong. Returns false if the help was printed instead.
bool parse_native_arguments(const Command& command, const Arguments& arguments,
                            NativeArguments& native);

}  // namespace copypath
