// A thread of the server, as the operating system schedules it. Its program is a SystemC process
// that calls spend() for what it computes and blocks in sleep(). Small costs are added up in local
// time and waited for at once, before anything that others can see (settle()).
#pragma once

#include <systemc>
#include <vector>

#include "models/cpu/core.h"
#include "models/cpu/execution.h"

namespace copypath {

class Cpu;
class Task;

/// Tasks that wait for something.
class WaitQueue {
public:
  /// `reason`: what a waveform shows for a task that waits here (a literal).
  explicit WaitQueue(const char* reason = "waiting") : reason_(reason) {}

  const char* reason() const { return reason_; }
  void add(Task& task) { tasks_.push_back(&task); }
  bool empty() const { return tasks_.empty(); }
  void wake_all();

private:
  const char* reason_;
  std::vector<Task*> tasks_;
};

class Task : public Execution {
public:
  Task(Cpu& cpu, unsigned number) : cpu_(cpu), number_(number) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  unsigned number() const { return number_; }

  /// The first thing the process does: waits for a core.
  void start();
  /// The last thing: gives the core back.
  void finish();

  const CpuConfig& costs() const override;
  unsigned core_number() const override { return core_->number(); }
  void spend(sc_time cost) override { unspent_ += cost; }
  /// Waits until everything spent, and what interrupts stole meanwhile, has passed. A task whose
  /// time slice is over goes to the end of the run queue here.
  void settle() override;

  /// Settles, then blocks until `ready()` holds; `queue` must be woken whenever it may have become
  /// true.
  template <typename Ready>
  void wait_until(WaitQueue& queue, Ready ready) {
    settle();
    while (!ready()) sleep(queue);
  }

  /// Leaves the core for so long (nanosleep()).
  void sleep_for(sc_time time);

  Bytes pass(const Pass& pass) override;

  Core& core() { return *core_; }
  Cpu& cpu() { return cpu_; }

  /// What the waveform shows while this task runs (literals).
  void show(const char* mode, const char* call);
  /// What the waveform shows that the task does in detail, or waits for (a literal).
  void show(const char* state) { state_lane_.set(state); }
  void trace(sc_core::sc_trace_file* file, const std::string& prefix) const;

  /// Time on a core so far, switches included.
  sc_time run_time() const {
    return core_ == nullptr ? run_time_ : run_time_ + (sc_core::sc_time_stamp() - dispatched_);
  }
  /// The part of it in which a copy waited for the memory bus.
  sc_time stall_time() const { return stall_time_; }
  /// How often it blocked or was preempted.
  std::uint64_t switches() const { return switches_; }

private:
  friend class Core;

  void sleep(WaitQueue& queue);
  void switch_out();
  void count_switch();
  void wait_for_core();
  void leave_core();
  void resume_on(Core& core, sc_time delay);

  Cpu& cpu_;
  unsigned number_;
  Core* core_ = nullptr;
  sc_core::sc_event resume_;
  sc_time unspent_;
  sc_time slice_end_;
  sc_time dispatched_;
  sc_time run_time_;
  sc_time stall_time_;
  std::uint64_t switches_ = 0;
  const char* mode_ = "user";
  const char* call_ = "";
  mutable TextLane state_lane_;
  mutable TextLane call_lane_;
};

}  // namespace copypath
