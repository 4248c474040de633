#include "models/cpu/task.h"

#include <algorithm>
#include <cmath>

#include "models/cpu/cpu.h"

namespace copypath {

using sc_core::SC_ZERO_TIME;

void WaitQueue::wake_all() {
  // None of them runs before this is over, but one that is not ready yet waits here again.
  const std::size_t woken = waiters_.size();
  for (std::size_t i = 0; i < woken; ++i) waiters_[i]->wake();
  waiters_.erase(waiters_.begin(), waiters_.begin() + static_cast<std::ptrdiff_t>(woken));
}

void Task::bind(unsigned first, unsigned count) {
  first_core_ = first;
  end_core_ = first + count;
}

void Task::start() {
  cpu_.wake(*this);
  wait_for_core();
}

void Task::finish() {
  settle();
  leave_core();
  show("");
}

void Task::settle() {
  for (;;) {
    // An interrupt holds the core: it is over before the task goes on, and before another may.
    const sc_time stolen = core_->take_stolen();
    const sc_time begin = time_now() + stolen;
    if (unspent_ == SC_ZERO_TIME || begin >= slice_end_) {
      if (stolen != SC_ZERO_TIME) {
        sc_core::wait(stolen);
        continue;
      }
      if (unspent_ == SC_ZERO_TIME) return;
      if (cpu_.someone_waits_for(*core_)) {
        cpu_.enqueue(*this);
        switch_out();
        continue;
      }
      slice_end_ = begin + cpu_.config().time_slice;
    }
    const sc_time part = std::min(unspent_, slice_end_ - begin);
    unspent_ -= part;
    sc_core::wait(stolen + part);
  }
}

void Task::wake() {
  if (polls_) {
    has_news_ = true;
    someone_waits();
  } else {
    cpu_.wake(*this);
  }
}

void Task::someone_waits() {
  if (looks_) resume_.notify(SC_ZERO_TIME);
}

void Task::sleep(WaitQueue& queue) {
  queue.add(*this);
  block(queue.reason());
}

void Task::poll(WaitQueue& queue) {
  queue.add(*this);
  show("poll");
  polls_ = true;
  has_news_ = false;
  ++cpu_.pollers_;
  while (!has_news_) look();
  --cpu_.pollers_;
  polls_ = false;
  settle();  // interrupts that came meanwhile
}

/// Looks until something has changed: there is news, or another task waits. That one has to wait
/// for the end of the time slice.
void Task::look() {
  const sc_time now = time_now();
  const bool shares = cpu_.someone_waits_for(*core_);
  if (shares && now >= slice_end_) {
    cpu_.enqueue(*this);
    return switch_out();
  }
  looks_ = true;
  if (shares) {
    sc_core::wait(slice_end_ - now, resume_);
    resume_.cancel();  // of the same instant
  } else {
    sc_core::wait(resume_);
  }
  looks_ = false;
  if (shares || slice_end_ > time_now()) return;
  const sc_time slice = cpu_.config().time_slice;  // it has had some of them to itself
  slice_end_ += slice * (std::floor((time_now() - slice_end_) / slice) + 1);
}

void Task::block(const char* reason) {
  show(reason);
  switch_out();
  settle();  // interrupts that came during the switch
}

void Task::sleep_for(sc_time time) {
  settle();
  show("sleep");
  count_switch();
  leave_core();
  sc_core::wait(time);
  cpu_.wake(*this);
  wait_for_core();
  settle();
}

void Task::switch_out() {
  count_switch();
  leave_core();
  wait_for_core();
}

void Task::count_switch() {
  ++cpu_.context_switches_;
  ++switches_;
}

void Task::wait_for_core() {
  sc_core::wait(resume_);
  show(mode_, call_);
}

const CpuConfig& Task::costs() const { return cpu_.config(); }

Bytes Task::pass(const Pass& pass) {
  settle();
  show(kind_of(pass.movement).name);
  const sc_time start = time_now();
  Bytes produced;
  const sc_time latency = core_->memory.pass(pass, produced);
  const sc_time alone = pass.bytes() / core_->memory.sustained();
  const sc_time taken = time_now() - start;
  if (taken > alone) stall_time_ += taken - alone;
  spend(latency + pass.apart * core_->memory.missed() + core_->refill(pass.bytes()));
  show(mode_);
  return produced;
}

void Task::show(const char* mode, const char* call) {
  mode_ = mode;
  call_ = call;
  core_->show(mode, call);
  state_lane_.set(mode);
  call_lane_.set(call);
}

void Task::leave_core() {
  run_time_ += time_now() - dispatched_;
  Core& core = *core_;
  core_ = nullptr;
  cpu_.release(core);
}

void Task::resume_on(Core& core, sc_time wake_latency, sc_time delay) {
  core_ = &core;
  dispatched_ = time_now() + wake_latency;
  slice_end_ = dispatched_ + delay + cpu_.config().time_slice;
  core.show("switch", call_);
  show("context switch");
  resume_.notify(wake_latency + delay);
}

void Task::trace(sc_core::sc_trace_file* file, const std::string& prefix) const {
  state_lane_.trace(file, prefix + ".state");
  call_lane_.trace(file, prefix + ".call");
}

}  // namespace copypath
