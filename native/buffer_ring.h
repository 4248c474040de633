// A few buffers that are used in turn, for paths that may use one again only when the kernel has
// said that it is done with it.
#pragma once

#include <algorithm>
#include <vector>

#include "native/resources.h"

namespace copypath::native {

struct RingBuffer {
  explicit RingBuffer(std::size_t bytes) : memory(bytes) {}
  Buffer memory;
  std::uint64_t last_send = 0;  ///< whose completion makes it free
};

/// At most 16, and as many as fit 4 MiB; at least one.
inline std::vector<RingBuffer> buffer_ring(std::size_t bytes_each) {
  constexpr std::size_t kMost = 16;
  constexpr std::size_t kMemory = 4 * 1024 * 1024;
  std::vector<RingBuffer> ring;
  const std::size_t count = std::clamp<std::size_t>(kMemory / bytes_each, 1, kMost);
  for (std::size_t i = 0; i < count; ++i) ring.emplace_back(bytes_each);
  return ring;
}

}  // namespace copypath::native
