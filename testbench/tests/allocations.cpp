#include "testbench/tests/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
std::uint64_t count = 0;
}

#if !defined(__SANITIZE_ADDRESS__)
void* operator new(std::size_t bytes) {
  ++count;
  if (void* const memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace copypath {

std::uint64_t allocations() { return count; }

}  // namespace copypath
