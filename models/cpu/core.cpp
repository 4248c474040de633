#include "models/cpu/core.h"

#include "models/cpu/task.h"

namespace copypath {

using sc_core::SC_ZERO_TIME;

Core::Core(const sc_core::sc_module_name& name, const CpuConfig& config, unsigned number)
    : sc_module(name), softirq("softirq", config_, *this), config_(config), number_(number) {
  SC_HAS_PROCESS(Core);
  SC_METHOD(service);
  sensitive << service_;
  dont_initialize();
}

sc_time Core::interrupt(InterruptHandler& handler, sc_time delay) {
  ++interrupts_;
  steal(config_.interrupt);
  sc_time done = interrupts_until_ + delay;
  if (!pending_.empty()) done = std::max(done, pending_.back().done);
  pending_.push_back({done, &handler});
  if (pending_.size() == 1) service_.notify(done - time_now());
  mode_lane_.set("irq");
  return done;
}

void Core::steal(sc_time cost) {
  interrupts_until_ = std::max(interrupts_until_, time_now()) + cost;
  if (current_ != nullptr) {
    stolen_ += cost;
  } else {
    busy_ += cost;
  }
}

void Core::service() {
  while (!pending_.empty() && pending_.front().done <= time_now()) {
    InterruptHandler* handler = pending_.front().handler;
    pending_.pop_front();
    handler->handle(*this);
  }
  if (!pending_.empty()) {
    service_.notify(pending_.front().done - time_now());
  } else {
    mode_lane_.set(mode_);
  }
}

void Core::dispatch(Task& task, sc_time wake_latency) {
  const sc_time now = time_now();
  sc_time delay = SC_ZERO_TIME;
  if (interrupts_until_ > now) {  // counted as busy already, when the core was idle
    delay = interrupts_until_ - now;
    busy_ -= delay;
    wake_latency = SC_ZERO_TIME;
  }
  if (last_ != &task) delay += config_.context_switch;
  current_ = &task;
  last_ = &task;
  dispatched_ = now + wake_latency;
  stolen_ = SC_ZERO_TIME;
  task_number_ = task.number();
  task.resume_on(*this, wake_latency, delay);
}

void Core::release() {
  busy_ += time_now() - dispatched_;
  current_ = nullptr;
  show("", "");
}

sc_time Core::refill(Bytes touched) {
  if (cold_ == Bytes(0)) return {};
  const Bytes cold = std::min(cold_, touched);
  cold_ -= cold;
  const double pages = static_cast<double>(cold.count()) / static_cast<double>(kPageSize.count());
  return config_.refill_page * pages;
}

sc_time Core::take_stolen() {
  const sc_time stolen = stolen_;
  stolen_ = SC_ZERO_TIME;
  return stolen;
}

sc_time Core::busy() const {
  const sc_time now = time_now();
  if (current_ != nullptr) return busy_ + (now - std::min(now, dispatched_));
  // Interrupts were counted in full when they came.
  return interrupts_until_ > now ? busy_ - (interrupts_until_ - now) : busy_;
}

void Core::show(const char* mode, const char* call) {
  mode_ = mode;
  if (pending_.empty()) mode_lane_.set(mode);
  call_lane_.set(call);
}

void Core::trace(sc_core::sc_trace_file* file) const {
  const std::string prefix = "cpu.core" + std::to_string(number_);
  mode_lane_.trace(file, prefix + ".mode");
  call_lane_.trace(file, prefix + ".call");
  sc_core::sc_trace(file, task_number_, prefix + ".task", 16);
}

}  // namespace copypath
