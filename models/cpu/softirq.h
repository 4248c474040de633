// The softirq of a core: work of the network that an interrupt has left to be done. It takes its
// time from whatever runs on the core. A pass over memory goes on beside the running task and is
// charged to the core when it ends, so a task feels it afterwards, not meanwhile.
// Left out: ksoftirqd, and the limit of two milliseconds after which Linux wakes it.
#pragma once

#include <systemc>

#include "models/cpu/execution.h"
#include "models/recycled.h"

namespace copypath {

class Core;

/// Something to be done in a softirq. It may wait.
class SoftirqWork {
public:
  virtual ~SoftirqWork() = default;
  virtual void run(Execution& softirq) = 0;
};

class Softirq : public sc_core::sc_module, public Execution {
public:
  MemoryPort memory{"memory"};

  Softirq(const sc_core::sc_module_name& name, const CpuConfig& config, Core& core);

  /// Runs `work` as soon as the work raised before it is done. Raised twice, it runs once.
  void raise(SoftirqWork& work);

  const CpuConfig& costs() const override { return config_; }
  unsigned core_number() const override;
  void spend(sc_time cost) override { unspent_ += cost; }
  void settle() override;
  Bytes pass(const Pass& pass) override;

private:
  void serve();

  const CpuConfig& config_;
  Core& core_;
  Fifo<SoftirqWork*> raised_;
  sc_core::sc_event raise_;
  sc_time unspent_;
};

}  // namespace copypath
