// The cores and the scheduler: one run queue, first come first served, a task prefers the core it
// ran on last. A core that has nothing to do takes the next task from the queue that may run on it.
// A switch is counted whenever a task blocks or is preempted, as getrusage() counts ru_nvcsw and
// ru_nivcsw; it costs time when the core goes on with another task than before.
// Left out: priorities, per-core queues with balancing, wake-up latency of idle cores.
#pragma once

#include <memory>
#include <vector>

#include "models/cpu/core.h"
#include "models/cpu/task.h"
#include "models/memory/memory_bus.h"
#include "models/recycled.h"

namespace copypath {

/// Routes one device's interrupt to a core and a driver.
class InterruptRoute : public InterruptLine {
public:
  InterruptRoute(Core& core, InterruptHandler& handler) : core_(core), handler_(handler) {}
  using InterruptLine::raise;
  sc_time raise(sc_time delay) override { return core_.interrupt(handler_, delay); }

private:
  Core& core_;
  InterruptHandler& handler_;
};

class Cpu : public sc_core::sc_module {
public:
  Cpu(const sc_core::sc_module_name& name, const CpuConfig& config);

  /// Makes the cores masters of the bus, in their order.
  void bind(MemoryBus& bus);

  const CpuConfig& config() const { return config_; }
  Core& core(unsigned number) { return *cores_[number]; }
  unsigned cores() const { return static_cast<unsigned>(cores_.size()); }

  /// Makes a sleeping task runnable.
  void wake(Task& task);

  /// Sum over the cores of the time spent on tasks, switches and interrupts.
  sc_time busy() const;
  std::uint64_t context_switches() const { return context_switches_; }
  std::uint64_t interrupts() const;

  void trace(sc_core::sc_trace_file* file) const override;

private:
  friend class Task;

  bool someone_waits_for(const Core& core) const;
  void enqueue(Task& task);
  void release(Core& core);

  CpuConfig config_;
  std::vector<std::unique_ptr<Core>> cores_;
  Fifo<Task*> run_queue_;
  unsigned run_queue_length_ = 0;  // for the waveform
  unsigned pollers_ = 0;           // tasks that keep their cores while they wait
  std::uint64_t context_switches_ = 0;
};

}  // namespace copypath
