// Two programs with a pipe between them (workload.kind = pipe). One has a buffer of
// workload.file_size bytes, made before the run begins, and writes it into the pipe
// workload.requests times; this is the other one. Whether it gets the right bytes is checked
// without cost. What they do with the bytes besides is left out.
#pragma once

#include "models/kernel/pipe.h"
#include "models/workload/local_reader.h"

namespace copypath {

struct PipeReader {
  const Config& config;
  Kernel& kernel;
  Task& task;
  Pipe& pipe;
  LocalReader& checker;
  std::uint32_t number;  ///< of the pair
  std::uint64_t buffer;  ///< its own, of workload.chunk bytes
  Bytes position{};      ///< in what the other program writes over and over

  /// It has come by these bytes, at the place where they lie now.
  void got(const SegmentList& bytes);
};

}  // namespace copypath
