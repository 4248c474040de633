#include "models/memory/fluid_timing.h"

#include <algorithm>
#include <cmath>

namespace copypath {

namespace {
/// Picoseconds after which an end is not in sight: what higher ranks leave may be a rounding error.
constexpr double kNever = 9e18;
}  // namespace

FluidTiming::Flow& FluidTiming::flow_of(unsigned master) {
  while (flows_.size() <= master) flows_.push_back(std::make_unique<Flow>());
  return *flows_[master];
}

void FluidTiming::start(unsigned master, Agent agent, Bytes bus_bytes, double limit,
                        sc_time delay) {
  Flow& flow = flow_of(master);
  flow.agent = agent;
  flow.limit = limit;
  flow.rate = 0;
  flow.left = static_cast<double>(bus_bytes.count());
  flow.updated = sc_core::sc_time_stamp() + delay;
  flow.finish = sc_core::sc_max_time();
  flow.done.cancel();  // of the transfer before: it may have left in the instant of a new end
  flow.announced = false;
  active_.push_back(&flow);
  share_out();
}

void FluidTiming::leave(unsigned master) {
  active_.erase(std::find(active_.begin(), active_.end(), flows_[master].get()));
  share_out();
}

double FluidTiming::wanted() const {
  double total = 0;
  for (const Flow* flow : active_) total += flow->limit;
  return total;
}

void FluidTiming::share_out() {
  const double wanted = this->wanted();
  if (traced_) {
    load_percent_ = static_cast<unsigned>(std::lround(100 * std::min(1.0, wanted / capacity_)));
  }
  const bool was_contended = contended_;
  contended_ = wanted > capacity_;
  if (!contended_) {  // everybody gets what it can take
    for (Flow* flow : active_) {
      if (was_contended || flow->rate == 0) set_rate(*flow, flow->limit);
      announce(*flow);
    }
    return;
  }
  demands_.clear();
  for (const Flow* flow : active_) demands_.push_back({flow->agent, flow->limit});
  copypath::share_out(capacity_, arbitration_, demands_);
  for (std::size_t i = 0; i < active_.size(); ++i) set_rate(*active_[i], demands_[i].share);
  announce_next();
}

/// Whoever ends next leaves then, and the one after it is announced.
void FluidTiming::announce_next() {
  const sc_time now = sc_core::sc_time_stamp();
  sc_time next = sc_core::sc_max_time();
  for (const Flow* flow : active_) {
    if (flow->finish > now) next = std::min(next, flow->finish);
  }
  for (Flow* flow : active_) {
    if (flow->finish <= next) announce(*flow);
  }
}

void FluidTiming::announce(Flow& flow) {
  if (flow.announced || flow.finish == sc_core::sc_max_time()) return;
  flow.announced = true;
  flow.done.notify(flow.finish - sc_core::sc_time_stamp());
}

void FluidTiming::set_rate(Flow& flow, double rate) {
  if (rate == flow.rate) {
    if (rate != 0) return;
    // Starved by masters of higher rank: the end is not in sight.
    flow.finish = sc_core::sc_max_time();
    return;
  }
  const sc_time now = sc_core::sc_time_stamp();
  if (flow.updated < now) {
    const auto elapsed = static_cast<double>((now - flow.updated).value());  // ps
    flow.left = std::max(0.0, flow.left - flow.rate * elapsed * 1e-12);
    flow.updated = now;
  }
  flow.rate = rate;
  if (flow.announced) flow.done.cancel();
  flow.announced = false;
  const double picoseconds = rate == 0 ? kNever : std::ceil(flow.left * 1e12 / rate);
  if (picoseconds >= kNever) {
    flow.finish = sc_core::sc_max_time();
    return;
  }
  flow.finish = flow.updated + sc_time::from_value(static_cast<sc_dt::uint64>(picoseconds));
}

void FluidTiming::trace(sc_core::sc_trace_file* file, const std::string& name) {
  traced_ = true;
  sc_core::sc_trace(file, load_percent_, name + "_load_percent", 7);
}

}  // namespace copypath
