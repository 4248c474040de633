// The files that a run writes: its results, and one trace for each path.
// They appear together when everything has been written, or not at all.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "testbench/output.h"
#include "testbench/simulations.h"

namespace copypath {

class RunOutputs {
public:
  /// Reserves the files; an empty name means that it is not wanted. Several paths have a trace
  /// each: FILE.vcd becomes FILE.PATH.vcd. Throws OutputError if one cannot be written, or is one
  /// of the `inputs` or written twice.
  RunOutputs(const std::string& json, const std::string& trace,
             const std::vector<std::string>& paths, const std::vector<std::string>& inputs);

  /// Tells the simulation of the path with that index where to write its trace.
  void set_trace(std::size_t index, Simulation& simulation) const;

  /// Throws OutputError.
  void write_json(const std::string& text);

  /// Puts all files in their places.
  void commit();

  /// Puts only the trace of the path with that index in its place.
  void commit_trace(std::size_t index);

  /// Removes all temporaries.
  void discard();

private:
  std::unique_ptr<OutputFile> json_;
  std::vector<std::unique_ptr<OutputFile>> traces_;
};

/// Throws OutputError if a target is one of the `inputs`, or named twice.
void check_distinct(const std::vector<std::string>& targets,
                    const std::vector<std::string>& inputs);

/// The trace of one of several paths: FILE.PATH.vcd. A device is shared by all of them.
std::string trace_name(const std::string& trace, const std::string& path);

}  // namespace copypath
