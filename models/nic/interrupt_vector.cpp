#include "models/nic/interrupt_vector.h"

#include <algorithm>

namespace copypath {

using sc_core::sc_time_stamp;

InterruptVector::InterruptVector(const sc_core::sc_module_name& name, sc_time delay,
                                 const std::deque<RxEvent>& received)
    : sc_module(name), delay_(delay), received_(received) {
  SC_HAS_PROCESS(InterruptVector);
  SC_METHOD(raise);
  sensitive << due_;
  dont_initialize();
}

void InterruptVector::report(sc_time at) {
  cause_ = true;
  schedule(at);
}

// Something to report happens at `at`: the interrupt comes then, or when the last one is delay_
// ago.
void InterruptVector::schedule(sc_time at) {
  if (raised_before_) at = std::max(at, last_ + delay_);
  due_.notify(std::max(at, sc_time_stamp()) - sc_time_stamp());
}

void InterruptVector::raise() {
  const bool news = cause_ || (!received_.empty() && received_.front().arrival <= sc_time_stamp());
  if (news && !masked_) {  // a driver that is on its way will find this, too
    masked_ = true;
    raised_before_ = true;
    last_ = sc_time_stamp();
    irq->raise();
  }
  for (const RxEvent& event : received_) {  // the next one that is still on its way
    if (event.arrival <= sc_time_stamp()) continue;
    schedule(event.arrival);
    break;
  }
}

}  // namespace copypath
