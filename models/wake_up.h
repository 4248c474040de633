// An event that one thread waits for at a time. Notifying it costs nothing while nobody does, which
// is the rule where engines are busy: SystemC's event looks through its lists each time.
#pragma once

#include <systemc>

namespace copypath {

class WakeUp {
public:
  void wait() {
    waiting_ = true;
    sc_core::wait(event_);
    waiting_ = false;
  }
  /// For so long at most.
  void wait(const sc_core::sc_time& time) {
    waiting_ = true;
    sc_core::wait(time, event_);
    waiting_ = false;
  }
  /// The thread that waits goes on in this evaluation phase.
  void notify() {
    if (waiting_) event_.notify();
  }
  bool waiting() const { return waiting_; }

private:
  sc_core::sc_event event_;
  bool waiting_ = false;
};

}  // namespace copypath
