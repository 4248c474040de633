#include "models/nic/interrupt_vector.h"

#include <algorithm>

#include "models/time_now.h"

namespace copypath {

InterruptVector::InterruptVector(const sc_core::sc_module_name& name, sc_time delay,
                                 WaitingFrames& frames)
    : sc_module(name), delay_(delay), frames_(frames) {
  SC_HAS_PROCESS(InterruptVector);
  SC_METHOD(look);
  sensitive << due_;
  dont_initialize();
}

void InterruptVector::report(sc_time at) {
  cause_ = true;
  if (masked_) return expect_next();  // a driver that is on its way will find this, too
  if (at <= time_now() && may_raise(at)) {
    raise();
  } else {
    schedule(at);
  }
}

void InterruptVector::serve() {
  cause_ = masked_ = false;
  due_.cancel();
  due_at_ = end_of_time();
  expect_next();  // which has to keep its distance again
}

// Something happens at `at` that the driver is to see: then, or when the last interrupt is delay_
// ago; but if the driver is on its way, then in any case, unless it comes before.
void InterruptVector::schedule(sc_time at) {
  const sc_time now = time_now();
  if (masked_ && at > served_) return;  // serve() looks for it
  if (raised_before_ && !masked_) at = std::max(at, last_ + delay_);
  at = std::max(at, now);
  if (at >= due_at_) return;
  due_at_ = at;
  due_.notify(at - now);
}

void InterruptVector::look() {
  due_at_ = end_of_time();
  if (masked_ || may_raise(time_now())) {
    const sc_time placed = frames_.place();
    if (placed == end_of_time()) return;  // and what they report comes with them
    cause_ = cause_ || placed > sc_core::SC_ZERO_TIME;
    if (cause_ && !masked_) {
      return raise(std::max(placed, time_now()) - time_now());
    }
  } else if (cause_) {
    return schedule(time_now());
  }
  expect_next();
}

void InterruptVector::raise(sc_time delay) {
  masked_ = true;
  raised_before_ = true;
  last_ = time_now() + delay;
  served_ = irq->raise(delay);
  expect_next();
}

void InterruptVector::expect_next() {
  const sc_time next = frames_.next();
  if (next != end_of_time()) schedule(next);
}

}  // namespace copypath
