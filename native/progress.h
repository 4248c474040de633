// How many bytes each client has taken from its connection, for the server to see: memory that the
// two processes share. It stands for what a protocol's own acknowledgements would tell.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace copypath::native {

class Progress {
public:
  using Taken = std::atomic<std::uint64_t>;
  static_assert(Taken::is_always_lock_free, "shared between processes");

  /// Resident in this process from the start. Throws std::bad_alloc.
  explicit Progress(std::size_t clients) : bytes_((clients + 1) * sizeof(Taken)) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    for (std::size_t i = 0; i < clients; ++i) new (static_cast<Taken*>(memory_) + i) Taken(0);
  }
  ~Progress() { munmap(memory_, bytes_); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  Taken& of(std::size_t client) const { return static_cast<Taken*>(memory_)[client]; }

private:
  std::size_t bytes_;
  void* memory_;
};

}  // namespace copypath::native
