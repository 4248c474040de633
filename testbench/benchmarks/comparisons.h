// Runs beside each other: what more clients cost and more bytes hold, and the same transfers by
// real system calls on this machine.
#pragma once

namespace copypath::benchmarks {

void register_comparisons();

}  // namespace copypath::benchmarks
