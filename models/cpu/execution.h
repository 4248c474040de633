// Whatever computes on a core, and takes its time: a task of the server, or the softirq that does
// the network's work between tasks. Code of the kernel that can run in either context is written
// against this.
#pragma once

#include "models/memory/transfer.h"
#include "models/platform/config.h"

namespace copypath {

class Execution {
public:
  virtual ~Execution() = default;

  virtual const CpuConfig& costs() const = 0;
  /// The number of the core that it runs on.
  virtual unsigned core_number() const = 0;

  /// Computes for `cost`. Others see the time pass at the next settle().
  virtual void spend(sc_time cost) = 0;
  /// Waits until everything spent has passed.
  virtual void settle() = 0;
  /// Settles, then takes a pass over memory; returns when the last byte has moved. The bytes that
  /// the pass has produced.
  virtual Bytes pass(const Pass& pass) = 0;

  /// Copies memory.
  void copy(Movement movement, const SegmentList& from, const SegmentList& to, Rate limit,
            sc_time apart = {}) {
    pass({movement, &from, &to, limit, nullptr, nullptr, apart});
  }
  /// Reads memory, for a checksum for instance.
  void read(Movement movement, const SegmentList& from, Rate limit) {
    pass({movement, &from, nullptr, limit});
  }
};

}  // namespace copypath
