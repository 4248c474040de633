// The files that a run writes: its results, and for each path one trace and one packet capture.
// They appear together when everything has been written, or not at all.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "testbench/output.h"
#include "testbench/simulations.h"

namespace copypath {

/// As on the command line; empty: not wanted.
struct OutputNames {
  std::string json;
  std::string trace;
  std::string capture;
};

class RunOutputs {
public:
  /// Reserves the files. Several paths have a trace and a capture each: FILE.vcd becomes
  /// FILE.PATH.vcd. Throws OutputError if one cannot be written, or is one of the `inputs` or
  /// written twice.
  RunOutputs(const OutputNames& names, const std::vector<std::string>& paths,
             const std::vector<std::string>& inputs);

  /// Tells the simulation of the path with that index where to write.
  void set_files(std::size_t index, Simulation& simulation) const;

  /// Throws OutputError.
  void write_json(const std::string& text);

  /// Puts all files in their places.
  void commit();

  /// Puts only the trace and the capture of the path with that index in their places.
  void commit_path(std::size_t index);

  /// Removes all temporaries.
  void discard();

private:
  using Files = std::vector<std::unique_ptr<OutputFile>>;

  std::unique_ptr<OutputFile> json_;
  Files traces_;    // by path; none if not wanted
  Files captures_;  // the same
};

/// Throws OutputError if a target is one of the `inputs`, or named twice. Empty: not named at all.
void check_distinct(const std::vector<std::string>& targets,
                    const std::vector<std::string>& inputs);

/// The file of one of several paths, with that extension: FILE.PATH.vcd. A device is shared by all
/// of them.
std::string name_for_path(const std::string& file, const std::string& path,
                          const std::string& extension);

}  // namespace copypath
