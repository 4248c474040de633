// What a run holds and gives back by itself: descriptors, buffers, pipes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace copypath::native {

constexpr std::size_t kPage = 4096;  ///< bytes

/// Closes its descriptor at the end of its scope.
class Descriptor {
public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }

  operator int() const { return number_; }
  void reset(int number = -1);

private:
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }

  int number_ = -1;
};

/// Page-aligned memory that is resident from the start: using it causes no page fault.
class Buffer {
public:
  /// Rounds up to whole pages. Throws std::bad_alloc.
  explicit Buffer(std::size_t bytes);
  ~Buffer();
  Buffer(Buffer&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer& operator=(Buffer&&) = delete;

  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

private:
  std::uint8_t* data_;
  std::size_t size_;
};

/// A pipe with room for that many bytes of whole pages.
struct Pipe {
  /// Throws Unsupported where this user may not have as many.
  explicit Pipe(std::size_t bytes);
  Descriptor out;  ///< to read from
  Descriptor in;   ///< to write to
};

}  // namespace copypath::native
