// Interrupts as devices and drivers see them: a device raises a line, a core takes the time of
// the interrupt and its softirq, and then the driver's handler has run.
#pragma once

#include "models/units.h"

namespace copypath {

class Core;

/// What a device's `irq` port is bound to.
class InterruptLine : virtual public sc_core::sc_interface {
public:
  sc_time raise() { return raise(sc_core::SC_ZERO_TIME); }
  /// In `delay`, which is short: a device may be that much ahead of the others. When the driver's
  /// handler will run; the end of time if nobody can tell.
  virtual sc_time raise(sc_time delay) = 0;
};

/// The driver's side. `handle` runs when the core has spent the time of the interrupt; it must
/// not wait, and may charge more work to the core (Core::steal).
class InterruptHandler {
public:
  virtual ~InterruptHandler() = default;
  virtual void handle(Core& core) = 0;
};

}  // namespace copypath
