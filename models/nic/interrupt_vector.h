// One interrupt vector of the NIC (MSI-X), which serves one pair of queues: two interrupts are at
// least interrupt_delay apart (EITR), and none is raised until the driver has served the last one
// (it masks itself, as with EIAM). Left out: causes that are told apart.
#pragma once

#include <systemc>

#include "models/cpu/interrupt.h"
#include "models/nic/queues.h"

namespace copypath {

class InterruptVector : public sc_core::sc_module {
public:
  sc_core::sc_port<InterruptLine> irq{"irq"};

  InterruptVector(const sc_core::sc_module_name& name, sc_time delay,
                  const std::deque<RxEvent>& received);

  /// There is something to report, now or a little later.
  void report(sc_time at = sc_core::sc_time_stamp());
  /// A packet without payload, among those received, arrives at that time.
  void report_at(sc_time arrival) { schedule(arrival); }
  /// The driver has come: whatever there is to report it will see.
  void serve() { cause_ = masked_ = false; }

private:
  void schedule(sc_time at);
  void raise();

  sc_time delay_;
  const std::deque<RxEvent>& received_;
  bool cause_ = false;
  bool masked_ = false;
  sc_core::sc_event due_;
  sc_time last_;
  bool raised_before_ = false;
};

}  // namespace copypath
