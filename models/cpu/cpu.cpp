#include "models/cpu/cpu.h"

#include <algorithm>

namespace copypath {

Cpu::Cpu(const sc_core::sc_module_name& name, const CpuConfig& config)
    : sc_module(name), config_(config) {
  for (unsigned i = 0; i < config.cores; ++i) {
    cores_.push_back(std::make_unique<Core>(("core" + std::to_string(i)).c_str(), config, i));
    cores_.back()->memory.set_cached_copy_rate(config.copy_rate_cached);
    cores_.back()->softirq.memory.set_cached_copy_rate(config.copy_rate_cached);
  }
}

void Cpu::bind(MemoryBus& bus) {
  for (const auto& core : cores_) {
    core->memory.bind(bus.in);
    core->softirq.memory.bind(bus.in);
  }
}

void Cpu::wake(Task& task) {
  Core* chosen = nullptr;
  for (const auto& core : cores_) {
    if (!core->idle() || !task.may_run_on(*core)) continue;
    if (core->last_task() == &task) {
      chosen = core.get();
      break;
    }
    if (chosen == nullptr) chosen = core.get();
  }
  if (chosen != nullptr) {
    chosen->dispatch(task, config_.wake_latency);
  } else {
    enqueue(task);
  }
}

void Cpu::enqueue(Task& task) {
  run_queue_.push_back(&task);
  task.show("run queue");
  run_queue_length_ = static_cast<unsigned>(run_queue_.size());
  if (pollers_ == 0) return;
  for (const auto& core : cores_) {
    if (core->current_task() != nullptr && task.may_run_on(*core)) {
      core->current_task()->someone_waits();
    }
  }
}

bool Cpu::someone_waits_for(const Core& core) const {
  return std::any_of(run_queue_.begin(), run_queue_.end(),
                     [&](const Task* task) { return task->may_run_on(core); });
}

void Cpu::release(Core& core) {
  core.release();
  const auto first = std::find_if(run_queue_.begin(), run_queue_.end(),
                                  [&](const Task* task) { return task->may_run_on(core); });
  if (first == run_queue_.end()) return;
  Task& next = **first;
  run_queue_.erase(first);
  run_queue_length_ = static_cast<unsigned>(run_queue_.size());
  core.dispatch(next);
}

sc_time Cpu::busy() const {
  sc_time total;
  for (const auto& core : cores_) total += core->busy();
  return total;
}

std::uint64_t Cpu::interrupts() const {
  std::uint64_t total = 0;
  for (const auto& core : cores_) total += core->interrupts();
  return total;
}

void Cpu::trace(sc_core::sc_trace_file* file) const {
  for (const auto& core : cores_) core->trace(file);
  sc_core::sc_trace(file, run_queue_length_, "cpu.run_queue", 16);
  sc_core::sc_trace(file, context_switches_, "cpu.context_switches", 32);
}

}  // namespace copypath
