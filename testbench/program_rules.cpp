// What programs that send nothing cannot be asked for.
#include "testbench/program_rules.h"

#include <fmt/format.h>

#include "testbench/quantity.h"

namespace copypath {
namespace {

std::string reader(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kRandomReader || work.hazard == Hazard::kNone) return "";
  return "is about what is sent, accepted: none with workload.kind = random_reader";
}

// Programs that copy files, or pass bytes to another one, do nothing else.
std::string program(const Config& config) {
  const WorkloadConfig& work = config.workload;
  const bool copies = work.kind == WorkloadKind::kFileCopy;
  if (!copies && work.kind != WorkloadKind::kPipe) return "";
  const bool as_often = !copies || work.requests == 1;
  if (as_often && work.range == Bytes(0) && work.hazard == Hazard::kNone &&
      work.open == FileSource::kBuffered) {
    return "";
  }
  return std::string(copies ? "is file_copy, accepted with it: workload.requests = 1, "
                            : "is pipe, accepted with it: ") +
         "workload.range = whole_file, workload.hazard = none, workload.open = buffered";
}

// What a program writes into a pipe is in one buffer.
std::string piped(const Config& config) {
  constexpr Bytes kMost = kMiB * 1024;
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kPipe || work.file_size <= kMost) return "";
  return fmt::format(
      "{} is more than a program's buffer holds, accepted: at most {} with "
      "workload.kind = pipe, sent as often as workload.requests says",
      to_text(work.file_size), to_text(kMost));
}

std::string busy_loop(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kPipe || !work.busy_loop) return "";
  if (config.cpu.syscall >= nanoseconds(1)) return "";
  return "asks again and again in no time, accepted: false, or cpu.syscall of at least 1ns";
}

}  // namespace

std::vector<Rule> program_rules() {
  return {
      {{"workload.hazard", "workload.kind"}, reader},
      {{"workload.kind", "workload.requests", "workload.range", "workload.hazard", "workload.open"},
       program},
      {{"workload.file_size", "workload.file", "workload.kind"}, piped},
      {{"workload.busy_loop", "cpu.syscall", "workload.kind"}, busy_loop},
  };
}

}  // namespace copypath
