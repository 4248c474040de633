// One core: it runs a task, or an interrupt, or nothing. An interrupt steals its time from the task
// that is running: whatever the task does next begins that much later.
// Of the caches that are its own a core knows only that they are cold after a wait for the disk.
// Left out: frequency changes, SMT.
#pragma once

#include <systemc>

#include "models/cpu/interrupt.h"
#include "models/cpu/softirq.h"
#include "models/ledger/text_lane.h"
#include "models/memory/transfer.h"
#include "models/recycled.h"

namespace copypath {

class Task;

class Core : public sc_core::sc_module {
public:
  MemoryPort memory{"memory"};

  Softirq softirq;

  Core(const sc_core::sc_module_name& name, const CpuConfig& config, unsigned number);

  unsigned number() const { return number_; }
  bool idle() const { return current_ == nullptr; }
  Task* current_task() { return current_; }
  const Task* last_task() const { return last_; }

  /// Takes an interrupt that comes in `delay`; `handler` runs when its time has been spent then,
  /// and those before it have run. That is the time returned.
  sc_time interrupt(InterruptHandler& handler, sc_time delay = {});
  /// Charges `cost` of softirq work to this core, now.
  void steal(sc_time cost);

  /// Puts `task` on this core, which is free; it resumes when the core has left its idle state, if
  /// it is in one, and the switch is done.
  void dispatch(Task& task, sc_time wake_latency = {});
  /// The running task leaves the core.
  void release();
  /// The core has slept, and others have had its caches: the next bytes that it touches, up to
  /// cpu.refill_size, come from farther away.
  void cool() { cold_ = config_.refill_size; }
  /// What that adds to a pass over so many bytes.
  sc_time refill(Bytes touched);

  /// The time that interrupts have taken from the running task since it last asked.
  sc_time take_stolen();

  /// Time spent on tasks, switches and interrupts so far.
  sc_time busy() const;
  std::uint64_t interrupts() const { return interrupts_; }

  /// What the waveform shows for this core. The texts must be literals.
  void show(const char* mode, const char* call);
  void trace(sc_core::sc_trace_file* file) const override;

private:
  struct Pending {
    sc_time done;
    InterruptHandler* handler;
  };

  void service();

  CpuConfig config_;
  unsigned number_;
  Task* current_ = nullptr;
  const Task* last_ = nullptr;
  sc_time dispatched_;
  sc_time busy_;  // up to the last release, and of interrupts on the idle core
  sc_time stolen_;
  Bytes cold_;  // of its own caches
  sc_time interrupts_until_;
  Fifo<Pending> pending_;
  sc_core::sc_event service_;
  std::uint64_t interrupts_ = 0;

  const char* mode_ = "";  // of the task; an interrupt hides it
  mutable TextLane mode_lane_;
  mutable TextLane call_lane_;
  unsigned task_number_ = 0;
};

}  // namespace copypath
