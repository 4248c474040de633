// One interrupt vector of the NIC (MSI-X), which serves one pair of queues: two interrupts are at
// least interrupt_delay apart (EITR), and none is raised until the driver has served the last one
// (it masks itself, as with EIAM). Frames without payload that come meanwhile are placed in memory
// when the interrupt may follow, all in one go, or as they come while the driver is on its way.
// Left out: causes that are told apart.
#pragma once

#include <systemc>

#include "models/cpu/interrupt.h"
#include "models/units.h"

namespace copypath {

/// The frames of a queue that wait on the chip for the interrupt that reports them.
class WaitingFrames {
public:
  virtual ~WaitingFrames() = default;
  /// Places what has come. When that will be in memory: 0 if there is nothing; the end of time if
  /// it is to be seen, and ends with InterruptVector::report().
  virtual sc_time place() = 0;
  /// When the next one that is on its way has come; the end of time if there is none.
  virtual sc_time next() const = 0;
};

class InterruptVector : public sc_core::sc_module {
public:
  sc_core::sc_port<InterruptLine> irq{"irq"};

  InterruptVector(const sc_core::sc_module_name& name, sc_time delay, WaitingFrames& frames);

  /// There is something in memory to report, now or a little later.
  void report(sc_time at = sc_core::sc_time_stamp());
  /// A frame without payload will have come at that time.
  void report_at(sc_time arrival) { schedule(arrival); }
  /// Looks again when the next frame without payload can be placed.
  void expect_next();
  /// The driver has come: whatever there is to report it will see.
  void serve();

private:
  bool may_raise(sc_time at) const { return !raised_before_ || at >= last_ + delay_; }
  void schedule(sc_time at);
  void look();
  void raise(sc_time delay = {});

  sc_time delay_;
  WaitingFrames& frames_;
  bool cause_ = false;
  bool masked_ = false;
  sc_core::sc_event due_;
  sc_time due_at_ = sc_core::sc_max_time();  // the end of time: it is not notified
  sc_time last_;
  sc_time served_;  // when the driver will come, while masked
  bool raised_before_ = false;
};

}  // namespace copypath
