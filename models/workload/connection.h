// One client's connection as a server thread sees it: what a path has in its hands.
#pragma once

#include <memory>

#include "models/kernel/kernel.h"
#include "models/kernel/tcp_receiver.h"

namespace copypath {

struct Connection {
  Kernel& kernel;
  PhysicalMemory& memory;
  Task task;
  TcpSocket socket;
  OpenFile file;             ///< what the client asked for
  Bytes chunk;               ///< how much to ask for per system call
  std::uint64_t buffer = 0;  ///< the server's buffer of `chunk` bytes, once it needs one
  std::unique_ptr<TcpReceiver> upstream{};  ///< a proxy's connection to the origin

  /// The address of the server's buffer (malloc()).
  std::uint64_t user_buffer() {
    if (buffer == 0) {
      const auto frames = static_cast<unsigned>(units_covering(chunk, kPageSize));
      buffer = address_of(memory.allocate_adjacent(frames));
    }
    return buffer;
  }
};

}  // namespace copypath
