#include "models/memory/burst_timing.h"

#include <algorithm>

#include "models/ledger/vcd_file.h"
#include "models/time_now.h"

namespace copypath {

namespace {

sc_time just_after(const sc_time& time) { return time + sc_time::from_value(1); }

}  // namespace

BurstTiming::BurstTiming(double capacity, Bytes burst, Arbitration arbitration)
    : capacity_(capacity),
      burst_(burst),
      burst_time_(burst / Rate(capacity)),
      arbiter_(Arbiter::make(arbitration)) {}

/// Who asks when the bus has just become free comes after those that have waited for that; those
/// that ask in the same instant are equal.
void BurstTiming::start(unsigned master, Agent agent, Bytes bus_bytes, double limit,
                        sc_time delay) {
  const sc_time now = time_now();
  settle(arrived_ == now ? now : just_after(now));
  arrived_ = now;
  while (requests_.size() <= master) requests_.push_back(std::make_unique<Request>());
  Request& request = *requests_[master];
  request.number = master;
  request.agent = agent;
  request.left = bus_bytes.count();
  request.rate = Rate(std::min(limit, capacity_));
  request.pace = burst_ / request.rate;
  request.due = now + delay;
  const auto behind = [](unsigned number, const Request* other) { return number < other->number; };
  waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), master, behind), &request);
  announce(request);
}

/// All grants before that time. Nobody may ask for an earlier one any more.
void BurstTiming::settle(sc_time before) {
  while (!waiting_.empty()) {
    sc_time at = end_of_time();
    for (const Request* request : waiting_) at = std::min(at, request->due);
    at = std::max(at, free_at_);
    if (at >= before) return;
    grant(at);
  }
}

void BurstTiming::grant(sc_time at) {
  ready_.clear();
  for (const Request* request : waiting_) {
    if (request->due <= at) ready_.push_back(*request);
  }
  Request& request = *requests_[arbiter_->pick(ready_)];
  ++grants_;
  const Bytes bytes(std::min(request.left, burst_.count()));
  const bool whole = bytes == burst_;
  free_at_ = at + (whole ? burst_time_ : bytes / Rate(capacity_));
  holder_ = request.agent;
  if (kept_) not_shown_.push_back({at, free_at_, holder_});
  request.left -= bytes.count();
  const sc_time pace = whole ? request.pace : bytes / request.rate;
  const sc_time slack = pace * (kOutstanding - 1);
  request.due = std::max(request.due + pace, at > slack ? at - slack : sc_core::SC_ZERO_TIME);
  if (request.left > 0) return;
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &request));
  // The last byte arrives when its burst has crossed, and not before the master could take it.
  request.finish = std::max(free_at_, request.due);
}

/// If it got the bus whenever it asks from now on.
sc_time BurstTiming::earliest_finish(const Request& request) const {
  const std::uint64_t before = (request.left - 1) / burst_.count();
  const Bytes last(request.left - before * burst_.count());
  const auto bursts = static_cast<double>(before);
  return std::max(std::max(request.due, free_at_) + burst_time_ * bursts + last / Rate(capacity_),
                  request.due + request.pace * bursts + last / request.rate);
}

void BurstTiming::announce(Request& request) {
  request.announced = request.left > 0 ? earliest_finish(request) : request.finish;
  request.done.notify(request.announced - time_now());
}

bool BurstTiming::finished(unsigned master) {
  const sc_time now = time_now();
  Request& request = *requests_[master];
  if (now < request.announced) return false;
  settle(now);
  if (request.left == 0 && request.finish <= now) return true;
  announce(request);
  return false;
}

void BurstTiming::trace(sc_core::sc_trace_file* file, const std::string& name) {
  settle(time_now());
  kept_ = true;
  idle_ = grants_ == 0;
  owner_.set(idle_ ? "" : name_of(holder_));
  shown_end_ = free_at_;
  shown_grants_ = grants_;
  owner_.trace(file, name + "_owner");
  sc_core::sc_trace(file, shown_grants_, name + "_grants", 64);
  dynamic_cast<VcdFile&>(*file).follow(*this, 2);
}

/// Between bursts that do not follow each other, nobody has the bus.
bool BurstTiming::idle_is_next() const {
  return !idle_ && (not_shown_.empty() || not_shown_.front().begin > shown_end_);
}

sc_time BurstTiming::next_change() {
  const sc_time now = time_now();
  settle(just_after(now));
  if (idle_is_next()) return shown_end_ <= now ? shown_end_ : end_of_time();
  return not_shown_.empty() ? end_of_time() : not_shown_.front().begin;
}

void BurstTiming::change() {
  idle_ = idle_is_next();
  if (idle_) {
    owner_.set("");
    return;
  }
  const Grant& grant = not_shown_.front();
  owner_.set(name_of(grant.agent));
  shown_end_ = grant.end;
  ++shown_grants_;
  not_shown_.pop_front();
}

void BurstTiming::forget() {
  kept_ = false;
  not_shown_.clear();
}

}  // namespace copypath
