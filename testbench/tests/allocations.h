// Counts what the tests' process asks of operator new, SystemC's and the library's calls included.
#pragma once

#include <cstdint>

namespace copypath {

/// So far. Always 0 under a sanitizer, which has an operator of its own.
std::uint64_t allocations();

}  // namespace copypath
