// Cores on a memory bus, and tasks on them, for tests of the scheduler, interrupts and tasks.
// The costs are round and different from one another, so that a sum shows what it is made of.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/cpu/cpu.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {

/// A driver that notes when it has run, and may have softirq work.
struct NotingHandler : InterruptHandler {
  std::vector<sc_time> handled;
  sc_time softirq;

  void handle(Core& core) override {
    handled.push_back(sc_core::sc_time_stamp());
    if (softirq != sc_core::SC_ZERO_TIME) core.steal(softirq);
  }
};

class CpuBench : public SimulationTest {
protected:
  static constexpr double kBus = 64e9;  // bytes per second

  static CpuConfig config(unsigned cores) {
    CpuConfig config;
    config.cores = cores;
    config.context_switch = microseconds(1);
    config.interrupt = microseconds(2);
    config.time_slice = microseconds(100);
    return config;
  }

  Cpu& build(const CpuConfig& config) {
    MemoryConfig memory;
    memory.bandwidth = Rate(2 * kBus);
    memory.efficiency = 0.5;
    memory.latency = nanoseconds(90);
    bench_ = std::make_unique<MemoryBench>("bench", memory, Timing::kFluid, 0);
    cpu_ = std::make_unique<Cpu>("cpu", config);
    cpu_->bind(bench_->bus);
    return *cpu_;
  }

  /// A task that becomes runnable at `start`, and its process.
  struct Running {
    Task& task;
    const Process& process;
    sc_time end() const { return process.finish; }
  };

  Running spawn_task(sc_time start, const std::function<void(Task&)>& body) {
    Task& task = tasks_.emplace_back(*cpu_, static_cast<unsigned>(tasks_.size()));
    const Process& process = spawn_at(start, "task" + std::to_string(task.number()), [=, &task] {
      task.start();
      body(task);
      task.finish();
    });
    return {task, process};
  }

  /// A task that only computes.
  Running spawn_computing(sc_time start, sc_time cost) {
    return spawn_task(start, [=](Task& task) { task.spend(cost); });
  }

  /// Blocks the task for `time` from when it has settled.
  void sleep(Task& task, sc_time time) {
    task.settle();
    bool over = false;
    WaitQueue queue;
    spawn("alarm", [&] {
      sc_core::wait(time);
      over = true;
      queue.wake_all();
    });
    task.wait_until(queue, [&] { return over; });
  }

  void interrupt_at(sc_time time, unsigned core, InterruptHandler& handler) {
    spawn_at(time, "device", [=, &handler] { cpu_->core(core).interrupt(handler); });
  }

  /// At `time`, and after what the models do then.
  void check_at(sc_time time, const std::function<void()>& check) {
    spawn_at(time, "check", [=] {
      for (int i = 0; i < 3; ++i) sc_core::wait(sc_core::SC_ZERO_TIME);
      check();
    });
  }

  MemoryBench& bench() { return *bench_; }
  Cpu& cpu() { return *cpu_; }
  const std::deque<Task>& tasks() const { return tasks_; }

private:
  std::unique_ptr<MemoryBench> bench_;
  std::unique_ptr<Cpu> cpu_;
  std::deque<Task> tasks_;
};

}  // namespace copypath
