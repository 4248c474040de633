// How a command that has results ends: what became of the scenario's expectations and of the
// deliveries, what is printed, and the exit status.
#pragma once

#include <string>
#include <vector>

#include "testbench/scenario.h"

namespace copypath {

/// Prints the report and the verdicts or, if `quiet`, only what is wrong; returns the exit status.
int conclude(const Scenario& scenario, const std::vector<Result>& results, bool quiet,
             const std::string& report);

}  // namespace copypath
