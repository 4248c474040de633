// What a path is made of, measured piece by piece: a system call, a copy, a page fault, a small
// packet on loopback. Never a path, so that what is predicted from these has not been measured.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "native/spread.h"

namespace copypath::native {

/// Something that can be measured in batches.
struct Primitive {
  const char* name;  ///< "read_hot_64k"
  const char* unit;  ///< what the value is per: "call", "byte", "page", "fault"
  const char* how;   ///< one line
  /// Measures one batch: seconds per unit. Throws Unsupported if it cannot be done here.
  std::function<double()> batch;
};

struct Measured {
  std::string name;
  std::string unit;
  std::string how;
  std::string missing;  ///< why it could not be measured; then there is no spread
  Spread spread;        ///< of the batches, in seconds per unit
};

/// What the operating system says of this machine.
struct HostFacts {
  std::string kernel;  ///< "6.18.1"
  unsigned processors = 0;
  std::uint64_t memory = 0;      ///< bytes
  std::uint64_t last_cache = 0;  ///< bytes of the last-level cache of one processor; 0: unknown
  std::uint64_t readahead = 0;   ///< bytes, of the disk below the folder; 0: unknown
};
HostFacts host_facts(const std::string& folder);

struct CalibrationOptions {
  std::string folder = "/var/tmp";  ///< for the temporary files
  unsigned rounds = 15;             ///< batches of each primitive
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(double share)> progress = [](double) {};
};

/// Measures them all, in turns, so that what the machine does meanwhile hits all of them alike.
/// To be called while this process has only one thread. Throws Interrupted and MachineLacks.
std::vector<Measured> measure_primitives(const CalibrationOptions& options);

/// Of two calibrations the lesser measurement of each primitive: what disturbs one adds to it.
std::vector<Measured> least_of(std::vector<Measured> one, const std::vector<Measured>& other);

// The groups, each with what it needs held by its batches.
std::vector<Primitive> processor_primitives();
std::vector<Primitive> file_primitives(const std::string& folder);
std::vector<Primitive> network_primitives();
std::vector<Primitive> disk_primitives(const std::string& folder);

/// Seconds of CPU time that this thread takes for `work`.
double cpu_seconds(const std::function<void()>& work);

}  // namespace copypath::native
