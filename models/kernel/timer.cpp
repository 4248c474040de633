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
  wake_at(end, queue);
  task.wait_until(queue, [&] { return sc_time_stamp() >= end; });
}

void Timer::wake_at(sc_time time, WaitQueue& queue) {
  sleepers_.emplace(time, &queue);
  expiry_.notify(time - sc_time_stamp());  // an earlier expiry overrides this one, and renews it
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
