#include "testbench/benchmarks/bare_kernel.h"

#include <sysc/kernel/sc_dynamic_processes.h>  // not part of <systemc> unless asked for

#include <systemc>

namespace copypath::benchmarks {

namespace {

using sc_core::sc_time;

class BareKernel : public sc_core::sc_module {
public:
  BareKernel(const sc_core::sc_module_name& name, Activation activation, std::uint64_t activations)
      : sc_module(name), left_(activations) {
    const bool threads = activation == Activation::kThread;
    sc_core::sc_spawn_options options;
    if (!threads) options.spawn_method();
    for (unsigned i = 0; i < kProcesses; ++i) {
      sc_core::sc_spawn([=] { threads ? wait_again() : trigger_again(); },
                        sc_core::sc_gen_unique_name("process"), &options);
    }
  }

private:
  static constexpr unsigned kProcesses = 16;

  void wait_again() {
    while (count()) wait(next_time());
  }
  void trigger_again() {
    if (count()) next_trigger(next_time());
  }

  bool count() { return left_ > 0 && left_-- > 0; }

  /// From one nanosecond to about a microsecond (the constants are those of Numerical Recipes).
  sc_time next_time() {
    state_ = state_ * 1664525 + 1013904223;
    return sc_time::from_value(1000 + (state_ >> 12));
  }

  std::uint64_t left_;
  std::uint32_t state_ = 1;
};

}  // namespace

void run_bare_kernel(Activation activation, std::uint64_t activations, Cost& cost) {
  BareKernel kernel("bare_kernel", activation, activations);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  const double start = host_time();
  sc_core::sc_start();
  cost.seconds = host_time() - start;
  cost.events = static_cast<double>(sc_core::sc_delta_count());
  cost.simulated = sc_core::sc_time_stamp().to_seconds();
}

}  // namespace copypath::benchmarks
