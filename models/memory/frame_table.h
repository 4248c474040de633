// What is kept for each page frame: a flat array that grows with the frames in use. As std::vector,
// but realloc() moves pages instead of bytes, so that the old array is never held beside the new
// one, and of the memory that is asked for, twice as much every time, only what is in use is
// touched.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace copypath {

template <typename T>
class FrameTable {
public:
  static_assert(std::is_trivially_copyable_v<T>);

  std::size_t size() const { return size_; }
  T& operator[](std::size_t frame) { return entries_.get()[frame]; }
  const T& operator[](std::size_t frame) const { return entries_.get()[frame]; }

  /// Has the host fetch those of adjacent frames into its cache, as they will be needed soon, if
  /// there are such frames. In line, because GCC leaves out calls of functions that do nothing
  /// else.
  [[gnu::always_inline]] void prefetch(std::size_t first, std::size_t frames) const {
    if (first + frames > size_) return;
    constexpr std::size_t kLine = 64;
    const char* at = reinterpret_cast<const char*>(entries_.get() + first);
    const char* const end = at + frames * sizeof(T);
    for (; at < end; at += kLine) __builtin_prefetch(at, 1);
  }

  /// Makes room for `frames` of them and some more; new ones are as T() makes them.
  void grow_to(std::size_t frames) {
    const std::size_t size = frames + kStep;
    if (size > capacity_) reserve(std::max(size, 2 * capacity_));
    std::uninitialized_value_construct(&entries_.get()[size_], &entries_.get()[size]);
    size_ = size;
  }

private:
  static constexpr std::size_t kStep = 4096;

  void reserve(std::size_t capacity) {
    void* const larger = std::realloc(entries_.get(), capacity * sizeof(T));
    if (larger == nullptr) throw std::bad_alloc();
    static_cast<void>(entries_.release());  // realloc() has freed it, or it is the same
    entries_.reset(static_cast<T*>(larger));
    capacity_ = capacity;
  }

  struct Free {
    void operator()(T* entries) const { std::free(entries); }
  };

  std::unique_ptr<T, Free> entries_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace copypath
