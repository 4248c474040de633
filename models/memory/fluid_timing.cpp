#include "models/memory/fluid_timing.h"

#include <algorithm>
#include <cmath>

namespace copypath {

namespace {

/// Picoseconds after which an end is not in sight: what higher ranks leave may be a rounding error.
constexpr double kNever = 9e18;

double picoseconds(const sc_time& time) { return static_cast<double>(time.value()); }

}  // namespace

FluidTiming::Flow& FluidTiming::flow_of(unsigned master) {
  while (flows_.size() <= master) flows_.push_back(std::make_unique<Flow>());
  return *flows_[master];
}

void FluidTiming::start(unsigned master, Agent agent, Bytes bus_bytes, double limit,
                        sc_time delay) {
  const sc_time now = sc_core::sc_time_stamp();
  keep_time(now);
  Flow& flow = flow_of(master);
  flow.limit = limit;
  flow.left = static_cast<double>(bus_bytes.count());
  flow.updated = now + delay;
  flow.done.cancel();  // of the transfer before: it may have left in the instant of a new end
  flow.announced = flow.in_virtual_time = false;
  shares_.add(flow, agent);
  if (flow.limited) announce(flow, flow.updated, flow.left, flow.limit);
  follow(now);
}

void FluidTiming::leave(unsigned master) {
  const sc_time now = sc_core::sc_time_stamp();
  keep_time(now);
  shares_.remove(*flows_[master]);
  follow(now);
}

void FluidTiming::keep_time(sc_time now) {
  if (!contended_) return;
  const double elapsed = picoseconds(now - kept_);
  for (unsigned rank = 0; rank < virtual_times_.size(); ++rank) {
    virtual_times_[rank] += shares_.level(rank) * elapsed * 1e-12;
  }
}

/// The shares have changed. Whoever ends next in virtual time leaves then, and the one after it is
/// announced.
void FluidTiming::follow(sc_time now) {
  if (traced_) {
    load_percent_ =
        static_cast<unsigned>(std::lround(100 * std::min(1.0, shares_.wanted() / capacity_)));
  }
  if (!contended_ && !shares_.contended()) return;  // everybody gets what it can take, as before
  contended_ = shares_.contended();
  kept_ = now;
  std::array<Flow*, FairShares::kRanks> next{};
  for (Demand* const demand : shares_.demands()) {
    Flow& flow = static_cast<Flow&>(*demand);
    if (flow.announced && flow.finish <= now) continue;  // it has ended, and leaves in this instant
    if (flow.limited) {
      if (flow.in_virtual_time) enter_real_time(flow, now);
      continue;
    }
    if (!flow.in_virtual_time || flow.updated > now) enter_virtual_time(flow, now);
    withdraw(flow);
    Flow*& first = next[flow.rank];
    if (first == nullptr || flow.target < first->target) first = &flow;
  }
  for (Flow* const flow : next) {
    if (flow == nullptr) continue;
    const double bytes = std::max(0.0, flow->target - virtual_times_[flow->rank]);
    announce(*flow, now, bytes, shares_.level(flow->rank));
  }
  if (!contended_) virtual_times_ = {};
}

void FluidTiming::enter_real_time(Flow& flow, sc_time now) {
  if (flow.updated <= now) {
    const double bytes = flow.target - virtual_times_[flow.rank];
    flow.left = std::max(0.0, bytes * flow.weight);
    flow.updated = now;
  }
  flow.in_virtual_time = false;
  withdraw(flow);
  announce(flow, flow.updated, flow.left, flow.limit);
}

void FluidTiming::enter_virtual_time(Flow& flow, sc_time now) {
  double begin = virtual_times_[flow.rank];
  if (flow.updated > now) {
    begin += shares_.level(flow.rank) * picoseconds(flow.updated - now) * 1e-12;
  } else if (!flow.in_virtual_time) {
    const double moved = flow.limit * picoseconds(now - flow.updated) * 1e-12;
    flow.left = std::max(0.0, flow.left - moved);
    flow.updated = now;
  }
  flow.in_virtual_time = true;
  flow.target = begin + flow.left / flow.weight;
}

void FluidTiming::withdraw(Flow& flow) {
  if (flow.announced) flow.done.cancel();
  flow.announced = false;
}

void FluidTiming::announce(Flow& flow, sc_time from, double bytes, double rate) {
  const double duration = rate == 0 ? kNever : std::ceil(bytes * 1e12 / rate);
  if (duration >= kNever) return;
  flow.announced = true;
  flow.finish = from + sc_time::from_value(static_cast<sc_dt::uint64>(duration));
  flow.done.notify(flow.finish - sc_core::sc_time_stamp());
}

void FluidTiming::trace(sc_core::sc_trace_file* file, const std::string& name) {
  traced_ = true;
  sc_core::sc_trace(file, load_percent_, name + "_load_percent", 7);
}

}  // namespace copypath
