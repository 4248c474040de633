// One client's connection as a server thread sees it: what a path has in its hands.
#pragma once

#include "models/kernel/kernel.h"

namespace copypath {

struct Connection {
  const Config& config;
  Kernel& kernel;
  PhysicalMemory& memory;
  Task task;
  TcpSocket socket;
  OpenFile file;                         ///< what the client asked for
  Bytes chunk;                           ///< how much to ask for per system call
  std::vector<std::uint64_t> buffers{};  ///< the server's, by number, as far as it needs them

  /// The address of one of the server's buffers (malloc() at its first use), of `size` bytes.
  std::uint64_t user_buffer(std::size_t number, Bytes size) {
    if (buffers.size() <= number) buffers.resize(number + 1);
    if (buffers[number] == 0) {
      const auto frames = static_cast<unsigned>(units_covering(size, kPageSize));
      buffers[number] = address_of(memory.allocate_adjacent(frames));
    }
    return buffers[number];
  }
  /// The one that a chunk goes through.
  std::uint64_t user_buffer() { return user_buffer(0, chunk); }
};

}  // namespace copypath
