// The buffers of a path whose sends go on using them after the call: used in turn, each again only
// when the kernel is done with it. As many as the model has (models/workload/buffer_ring.h).
#pragma once

#include <algorithm>
#include <vector>

#include "models/workload/buffer_ring.h"
#include "native/connection.h"
#include "native/resources.h"

namespace copypath::native {

struct RingBuffer {
  explicit RingBuffer(std::size_t bytes) : memory(bytes) {}
  Buffer memory;
  std::uint64_t last_send = 0;  ///< whose completion makes it free
};

/// But no more than a gigabyte of them, if one is less.
inline std::vector<RingBuffer> buffer_ring(const Connection& c) {
  constexpr std::size_t kMemory = 1024 * 1024 * 1024;
  const std::size_t bytes_each =
      std::max<std::size_t>(1, c.direct ? c.chunk : std::min(c.chunk, c.size));
  const std::size_t most = std::max<std::size_t>(1, kMemory / bytes_each);
  const std::size_t count = std::min<std::size_t>(BufferRing::buffers(c.config), most);
  std::vector<RingBuffer> ring;
  ring.reserve(count);
  for (std::size_t i = 0; i < count; ++i) ring.emplace_back(bytes_each);
  return ring;
}

}  // namespace copypath::native
