// A thread of the server, as the operating system schedules it. Its program is a SystemC process
// that calls spend() for what it computes and blocks in sleep(). Small costs are added up in local
// time and waited for at once, before anything that others can see (settle()).
#pragma once

#include <algorithm>
#include <functional>
#include <systemc>
#include <vector>

#include "models/cpu/core.h"
#include "models/cpu/execution.h"

namespace copypath {

class Cpu;
class SystemCall;  // models/kernel

/// Whoever waits in a queue.
class Waiter {
public:
  virtual ~Waiter() = default;
  virtual void wake() = 0;
};

/// Tasks that wait for something.
class WaitQueue {
public:
  /// `reason`: what a waveform shows for a task that waits here (a literal). `pollable`: epoll can
  /// wait for it, so a task that has a Multiplexer does not sleep here.
  explicit WaitQueue(const char* reason = "waiting", bool pollable = false)
      : reason_(reason), pollable_(pollable) {}

  const char* reason() const { return reason_; }
  bool pollable() const { return pollable_; }
  void add(Waiter& waiter) { waiters_.push_back(&waiter); }
  bool empty() const { return waiters_.empty(); }
  void wake_all();

private:
  const char* reason_;
  bool pollable_;
  std::vector<Waiter*> waiters_;
};

/// Lets several connections share a task: where one of them would wait for its socket, another one
/// goes on.
class Multiplexer {
public:
  virtual ~Multiplexer() = default;
  /// Returns when `ready()` holds, which `queue` announces.
  virtual void wait(WaitQueue& queue, const std::function<bool()>& ready) = 0;
  /// The connection at hand will do its share of work; if it has done that already since it was
  /// last waited for, it lets others go first.
  virtual void take_turn() = 0;
};

class Task final : public Execution, public Waiter {
public:
  Task(Cpu& cpu, unsigned number) : cpu_(cpu), number_(number) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  unsigned number() const { return number_; }

  /// On these cores alone from now on, `count` of them from `first` on (sched_setaffinity()).
  void bind(unsigned first, unsigned count);
  bool may_run_on(const Core& core) const {
    return core.number() >= first_core_ && core.number() < end_core_;
  }

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
    if (multiplexer_ != nullptr && queue.pollable()) {
      if (!ready()) multiplexer_->wait(queue, std::ref(ready));
      return;
    }
    while (!ready()) sleep(queue);
  }

  /// The same, but keeps the core, looking all the time, as long as nobody else waits for it.
  template <typename Ready>
  void poll_until(WaitQueue& queue, Ready ready) {
    settle();
    while (!ready()) poll(queue);
  }

  /// Another task waits for the core: one that polls leaves it when its time slice is over.
  void someone_waits();

  /// Leaves the core until somebody calls wake(). `reason` is a literal.
  void block(const char* reason);
  void wake() override;

  void share(Multiplexer& multiplexer) { multiplexer_ = &multiplexer; }
  Multiplexer* multiplexer() const { return multiplexer_; }

  /// The system call that the task is in, or nullptr.
  SystemCall* system_call() const { return system_call_; }
  void set_system_call(SystemCall* call) { system_call_ = call; }

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
    const sc_time now = time_now();
    return core_ == nullptr ? run_time_ : run_time_ + (now - std::min(now, dispatched_));
  }
  /// The part of it in which a copy waited for the memory bus.
  sc_time stall_time() const { return stall_time_; }
  /// How often it blocked or was preempted.
  std::uint64_t switches() const { return switches_; }

private:
  friend class Core;

  void sleep(WaitQueue& queue);
  void poll(WaitQueue& queue);
  void look();
  void switch_out();
  void count_switch();
  void wait_for_core();
  void leave_core();
  void resume_on(Core& core, sc_time wake_latency, sc_time delay);

  Cpu& cpu_;
  unsigned number_;
  Multiplexer* multiplexer_ = nullptr;
  SystemCall* system_call_ = nullptr;
  Core* core_ = nullptr;
  sc_core::sc_event resume_;
  sc_time unspent_;
  sc_time slice_end_;
  sc_time dispatched_;
  sc_time run_time_;
  sc_time stall_time_;
  std::uint64_t switches_ = 0;
  unsigned first_core_ = 0;
  unsigned end_core_ = ~0U;
  bool polls_ = false;
  bool looks_ = false;     // it does, on its core
  bool has_news_ = false;  // it has been woken
  const char* mode_ = "user";
  const char* call_ = "";
  mutable TextLane state_lane_;
  mutable TextLane call_lane_;
};

}  // namespace copypath
