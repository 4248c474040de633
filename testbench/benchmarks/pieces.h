// The inner pieces of the models as benchmarks: what one step of each costs.
#pragma once

namespace copypath::benchmarks {

void register_pieces();

}  // namespace copypath::benchmarks
