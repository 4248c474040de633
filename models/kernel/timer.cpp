#include "models/kernel/timer.h"

namespace copypath {

using sc_core::sc_time_stamp;

Timer::Timer(const sc_core::sc_module_name& name) : sc_module(name) {
  SC_HAS_PROCESS(Timer);
  SC_METHOD(expire);
  sensitive << expiry_;
  dont_initialize();
}

void Timer::sleep(Task& task, sc_time duration) {
  task.settle();
  const sc_time end = sc_time_stamp() + duration;
  WaitQueue queue("sleep");
  sleepers_.emplace(end, &queue);
  expiry_.notify(duration);  // an earlier expiry overrides this one, and renews it
  task.wait_until(queue, [&] { return sc_time_stamp() >= end; });
}

void Timer::expire() {
  while (!sleepers_.empty() && sleepers_.begin()->first <= sc_time_stamp()) {
    WaitQueue* queue = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    queue->wake_all();
  }
  if (!sleepers_.empty()) expiry_.notify(sleepers_.begin()->first - sc_time_stamp());
}

}  // namespace copypath
