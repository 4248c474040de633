#include "models/memory/burst_timing.h"

#include <algorithm>

namespace copypath {

BurstTiming::BurstTiming(const sc_core::sc_module_name& name, double capacity, Bytes burst,
                         Arbitration arbitration)
    : sc_module(name), capacity_(capacity), burst_(burst), arbiter_(Arbiter::make(arbitration)) {
  SC_HAS_PROCESS(BurstTiming);
  SC_METHOD(grant);
  sensitive << look_;
  dont_initialize();
}

void BurstTiming::start(unsigned master, Agent agent, Bytes bus_bytes, double limit,
                        sc_time delay) {
  while (requests_.size() <= master) requests_.push_back(std::make_unique<Request>());
  Request& request = *requests_[master];
  request.agent = agent;
  request.left = bus_bytes.count();
  request.limit = limit;
  request.due = sc_core::sc_time_stamp() + delay;
  if (sc_core::sc_time_stamp() >= free_at_) look_.notify(sc_core::SC_ZERO_TIME);
}

void BurstTiming::grant() {
  const sc_time now = sc_core::sc_time_stamp();
  if (now < free_at_) {
    look_.notify(free_at_ - now);
    return;
  }
  ready_.clear();
  sc_time next_due = sc_core::sc_max_time();
  for (unsigned master = 0; master < requests_.size(); ++master) {
    const Request& request = *requests_[master];
    if (request.left == 0) continue;
    if (request.due <= now) {
      ready_.push_back({master, request.agent});
    } else {
      next_due = std::min(next_due, request.due);
    }
  }
  if (ready_.empty()) {
    owner_.set("");
    if (next_due != sc_core::sc_max_time()) look_.notify(next_due - now);
    return;
  }
  Request& request = *requests_[arbiter_->pick(ready_)];
  owner_.set(name_of(request.agent));
  ++grants_;
  const Bytes bytes(std::min(request.left, burst_.count()));
  free_at_ = now + bytes / Rate(capacity_);
  request.left -= bytes.count();
  const sc_time pace = bytes / Rate(std::min(request.limit, capacity_));
  const sc_time slack = pace * (kOutstanding - 1);
  request.due = std::max(request.due + pace, now > slack ? now - slack : sc_core::SC_ZERO_TIME);
  if (request.left == 0) finish(request, free_at_);
  look_.notify(free_at_ - now);
}

void BurstTiming::finish(Request& request, sc_time burst_end) {
  // The last byte arrives when its burst has crossed, and not before the master could take it.
  request.finish = std::max(burst_end, request.due);
  request.done.notify(request.finish - sc_core::sc_time_stamp());
}

void BurstTiming::trace(sc_core::sc_trace_file* file, const std::string& name) {
  owner_.trace(file, name + "_owner");
  sc_core::sc_trace(file, grants_, name + "_grants", 64);
}

}  // namespace copypath
