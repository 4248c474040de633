// What is kept for each page frame: a flat array that grows with the frames in use. As std::vector,
// but it grows a step at a time and, as realloc() moves pages instead of bytes, without holding the
// old array beside the new one.
#pragma once

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

  /// Makes room for `frames` of them and some more; new ones are as T() makes them.
  void grow_to(std::size_t frames) {
    const std::size_t size = frames + kStep;
    void* const larger = std::realloc(entries_.get(), size * sizeof(T));
    if (larger == nullptr) throw std::bad_alloc();
    static_cast<void>(entries_.release());  // realloc() has freed it, or it is the same
    entries_.reset(static_cast<T*>(larger));
    std::uninitialized_value_construct(&entries_.get()[size_], &entries_.get()[size]);
    size_ = size;
  }

private:
  static constexpr std::size_t kStep = 4096;

  struct Free {
    void operator()(T* entries) const { std::free(entries); }
  };

  std::unique_ptr<T, Free> entries_;
  std::size_t size_ = 0;
};

}  // namespace copypath
