#include "models/memory/burst_timing.h"

#include <algorithm>

namespace copypath {

BurstTiming::BurstTiming(const sc_core::sc_module_name& name, double capacity, Bytes burst,
                         Arbitration arbitration)
    : sc_module(name),
      capacity_(capacity),
      burst_(burst),
      burst_time_(burst / Rate(capacity)),
      arbiter_(Arbiter::make(arbitration)) {
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
  request.rate = Rate(std::min(limit, capacity_));
  request.pace = burst_ / request.rate;
  const sc_time now = sc_core::sc_time_stamp();
  request.due = now + delay;
  waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), master), master);
  if (now >= free_at_) look_.notify(sc_core::SC_ZERO_TIME);
}

void BurstTiming::grant() {
  const sc_time now = sc_core::sc_time_stamp();
  ready_.clear();
  const Request* next = nullptr;  // of those that are not ready
  for (const unsigned master : waiting_) {
    const Request& request = *requests_[master];
    if (request.due <= now) {
      ready_.push_back({master, request.agent});
    } else if (next == nullptr || request.due < next->due) {
      next = &request;
    }
  }
  if (ready_.empty()) {
    owner_.set("");
    if (next != nullptr) look_.notify(next->due - now);
    return;
  }
  const unsigned master = arbiter_->pick(ready_);
  Request& request = *requests_[master];
  owner_.set(name_of(request.agent));
  ++grants_;
  const Bytes bytes(std::min(request.left, burst_.count()));
  const bool whole = bytes == burst_;
  free_at_ = now + (whole ? burst_time_ : bytes / Rate(capacity_));
  request.left -= bytes.count();
  const sc_time pace = whole ? request.pace : bytes / request.rate;
  const sc_time slack = pace * (kOutstanding - 1);
  request.due = std::max(request.due + pace, now > slack ? now - slack : sc_core::SC_ZERO_TIME);
  if (request.left == 0) {
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), master));
    finish(request, free_at_);
  }
  look_.notify(free_at_ - now);  // even if nobody will be ready: a waveform shows that
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
