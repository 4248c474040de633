// Whole scenarios as benchmarks, each in a process of its own, beside the bare kernel doing as many
// timed activations.
#pragma once

namespace copypath::benchmarks {

/// Registers them. `smoke`: a little of each, once, to see that they work.
void register_scenarios(bool smoke);

}  // namespace copypath::benchmarks
