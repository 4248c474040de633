// The child process that simulates one path, and the lines of JSON by which it reports.
#pragma once

#include <sys/types.h>

#include <functional>

#include "testbench/simulations.h"

namespace copypath {

// The keys of a child's lines. Each line has one of them.
constexpr const char* kProgressLine = "progress";         ///< the share that is done
constexpr const char* kResultLine = "result";             ///< the result record: the last line
constexpr const char* kInterruptedLine = "interrupted";   ///< stopped on request: the last line
constexpr const char* kOutputErrorLine = "output_error";  ///< OutputError's message: the last line
constexpr const char* kErrorLine = "error";  ///< any other error's message: the last line

/// Simulates, reports to the descriptor `report` and ends the process.
[[noreturn]] void child_main(const Config& config, const Simulation& simulation, int report,
                             pid_t parent, const std::function<void()>& on_orphaned);

}  // namespace copypath
