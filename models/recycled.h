// Memory of lists that come and go with every chunk: what one gives back, the next one of its size
// takes, so that the steady state asks malloc() for nothing. An allocator for std::vector and
// std::deque. For one thread only, as a simulation is.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <new>

namespace copypath {

class RecycledMemory {
public:
#if defined(__SANITIZE_ADDRESS__)  // which looks after memory that is freed
  static void* take(std::size_t bytes) { return ::operator new(bytes); }
  static void give_back(void* memory, std::size_t) { ::operator delete(memory); }
#else
  static void* take(std::size_t bytes) {
    if (bytes > kLargest) return ::operator new(bytes);
    Block*& list = lists[(bytes + kStep - 1) / kStep];
    if (list == nullptr) return ::operator new((bytes + kStep - 1) / kStep * kStep);
    Block* const block = list;
    list = block->next;
    return block;
  }
  static void give_back(void* memory, std::size_t bytes) {
    if (bytes > kLargest) return ::operator delete(memory);
    Block*& list = lists[(bytes + kStep - 1) / kStep];
    list = new (memory) Block{list};
  }
#endif

private:
  struct Block {
    Block* next;
  };

  static constexpr std::size_t kStep = 64;
  static constexpr std::size_t kLargest = 4096;

  static inline std::array<Block*, kLargest / kStep + 1> lists{};
};

template <typename T>
struct Recycled {
  using value_type = T;

  Recycled() = default;
  template <typename U>
  Recycled(const Recycled<U>&) {}  // NOLINT(google-explicit-constructor): allocators convert

  T* allocate(std::size_t count) {
    return static_cast<T*>(RecycledMemory::take(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) {
    RecycledMemory::give_back(memory, count * sizeof(T));
  }

  template <typename U>
  bool operator==(const Recycled<U>&) const {
    return true;
  }
  template <typename U>
  bool operator!=(const Recycled<U>&) const {
    return false;
  }
};

/// A queue in such memory.
template <typename T>
using Fifo = std::deque<T, Recycled<T>>;

}  // namespace copypath
