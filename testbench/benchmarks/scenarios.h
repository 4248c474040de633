// Whole scenarios as benchmarks, each in a process of its own, beside the bare kernel doing as many
// timed activations.
#pragma once

namespace copypath::benchmarks {

void register_scenarios();

}  // namespace copypath::benchmarks
