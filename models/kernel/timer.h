// Sleeping for a while: clock_nanosleep(), woken by a timer of high resolution (hrtimer).
// Left out: timer slack, the cost of the timer interrupt.
#pragma once

#include <map>

#include "models/cpu/task.h"

namespace copypath {

class Timer : public sc_core::sc_module {
public:
  explicit Timer(const sc_core::sc_module_name& name);

  /// Blocks until `duration` has passed.
  void sleep(Task& task, sc_time duration);

  /// Wakes the queue at that time, whoever waits in it then.
  void wake_at(sc_time time, WaitQueue& queue);

private:
  void expire();

  std::multimap<sc_time, WaitQueue*> sleepers_;  // by the time at which they wake up
  sc_core::sc_event expiry_;
};

}  // namespace copypath
