// The floor under every simulation: the bare SystemC kernel, whose processes do nothing but wait.
// Left out: immediate notifications and delta cycles, which cost less than waiting for a time.
#pragma once

#include <cstdint>

#include "testbench/benchmarks/apart.h"

namespace copypath::benchmarks {

/// What waits: threads, as the actors of a model do, or a method, as an arbiter does.
enum class Activation { kThread, kMethod };

/// Does so many timed activations, of 16 processes that wait for times of their own, as many as
/// there are about at work in a machine at a time. To be called once per process.
void run_bare_kernel(Activation activation, std::uint64_t activations, Cost& cost);

}  // namespace copypath::benchmarks
