// Runs one path of a scenario on a simulated machine, from elaboration to the result record.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include "models/ledger/result.h"
#include "models/output_error.h"
#include "models/platform/config.h"

namespace copypath {

struct RunOptions {
  std::string trace_file;    ///< VCD to write, without atomic renaming; empty: none
  std::string capture_file;  ///< packet capture to write, the same way; empty: none
  sc_time trace_from = sc_core::SC_ZERO_TIME;
  sc_time trace_to = sc_core::sc_max_time();
  /// Called about ten times a second with the share of the payload delivered (0 to 1); the run
  /// is abandoned when it returns false.
  std::function<bool(double share)> progress;
};

/// The run was abandoned because `progress` returned false. A trace has been closed properly.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// Simulates `path`. At most once per process (a SystemC limit).
/// Throws std::invalid_argument for an unknown path, Interrupted, OutputError when the trace cannot
/// be written in full, and std::runtime_error when the model comes to a standstill (a defect) or
/// takes more simulated time than can be counted.
Result simulate(const Config& config, const std::string& path, const RunOptions& options);

}  // namespace copypath
