// How the bus keeps time: a transfer occupies it, and the call returns when its last byte has
// crossed. Two ways that agree in the long run:
//   fluid   every transfer gets a share of the bandwidth; an event when a transfer starts or ends
//   burst   every burst is granted by an arbiter, for waveforms; an event when a transfer may end
#pragma once

#include <memory>
#include <string>
#include <systemc>

#include "models/ledger/movement.h"
#include "models/platform/config.h"

namespace copypath {

class BusTiming {
public:
  virtual ~BusTiming() = default;

  /// Blocks the calling process while `bus_bytes` cross the bus for `master` (numbered from 0,
  /// one transfer at a time), at no more than `limit` bytes per second, from `delay` on.
  void occupy(unsigned master, Agent agent, Bytes bus_bytes, double limit, sc_time delay) {
    start(master, agent, bus_bytes, limit, delay);
    while (!finished(master)) sc_core::wait(done(master));
    leave(master);
  }

  // The same in steps, for a transfer that holds several buses at once: start() returns at once,
  // done() may occur early, and who finds it finished leaves.
  virtual void start(unsigned master, Agent agent, Bytes bus_bytes, double limit,
                     sc_time delay) = 0;
  virtual bool finished(unsigned master) = 0;
  virtual const sc_core::sc_event& done(unsigned master) const = 0;
  virtual void leave(unsigned master) = 0;

  /// Whether a short transfer at that rate takes its own time and nobody else's, so that its end is
  /// known without an event.
  virtual bool has_room(double limit) const = 0;

  /// `name`: of this bus in a waveform.
  virtual void trace(sc_core::sc_trace_file* file, const std::string& name) = 0;

  /// `capacity` in bytes per second.
  static std::unique_ptr<BusTiming> make(Timing timing, const MemoryConfig& config,
                                         double capacity);
};

}  // namespace copypath
