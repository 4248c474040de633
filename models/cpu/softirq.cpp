#include "models/cpu/softirq.h"

#include <algorithm>

#include "models/cpu/core.h"

namespace copypath {

using sc_core::SC_ZERO_TIME;

Softirq::Softirq(const sc_core::sc_module_name& name, const CpuConfig& config, Core& core)
    : sc_module(name), config_(config), core_(core) {
  SC_HAS_PROCESS(Softirq);
  SC_THREAD(serve);
}

unsigned Softirq::core_number() const { return core_.number(); }

void Softirq::raise(SoftirqWork& work) {
  if (std::find(raised_.begin(), raised_.end(), &work) != raised_.end()) return;
  raised_.push_back(&work);
  raise_.notify();
}

void Softirq::serve() {
  for (;;) {
    while (raised_.empty()) wait(raise_);
    SoftirqWork& work = *raised_.front();
    raised_.pop_front();
    work.run(*this);
    settle();
  }
}

void Softirq::settle() {
  if (unspent_ == SC_ZERO_TIME) return;
  const sc_time cost = unspent_;
  unspent_ = SC_ZERO_TIME;
  core_.steal(cost);
  wait(cost);
}

Bytes Softirq::pass(const Pass& pass) {
  settle();
  const sc_time start = time_now();
  Bytes produced;
  const sc_time latency = memory.pass(pass, produced);
  core_.steal(time_now() - start);
  spend(latency + pass.apart * memory.missed() + core_.refill(pass.bytes()));
  return produced;
}

}  // namespace copypath
