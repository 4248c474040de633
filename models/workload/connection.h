// One client's connection as a server thread sees it: what a path has in its hands.
#pragma once

#include <memory>
#include <optional>

#include "models/kernel/event_loop.h"
#include "models/kernel/io_uring.h"
#include "models/kernel/mapping.h"
#include "models/kernel/pipe.h"
#include "models/kernel/tcp_receiver.h"
#include "models/kernel/tls_socket.h"
#include "models/kernel/write_back.h"
#include "models/workload/buffer_ring.h"
#include "models/workload/deflate.h"

namespace copypath {

struct LocalReader;

struct Connection {
  const Config& config;
  Kernel& kernel;
  PhysicalMemory& memory;
  Task& task;
  TcpSocket socket;
  OpenFile file;            ///< what the client asked for
  Bytes chunk;              ///< how much to ask for per system call
  BufferRing send_buffers;  ///< for paths that send from them without a copy
  std::vector<std::optional<std::uint64_t>>
      buffers{};                            ///< the server's, by number, as far as it needs them
  std::unique_ptr<TcpReceiver> upstream{};  ///< a proxy's connection to the origin

  // What a program that sends without a copy counts for itself, in calls or in bytes:
  std::uint64_t sent = 0;       ///< so far
  std::uint64_t completed = 0;  ///< of that, as far as it knows
  std::unique_ptr<IoUring> io_uring{};

  EventLoop::Member* member = nullptr;  ///< of a worker that serves many

  /// As the clients know it.
  std::uint32_t number() const { return socket.connection(); }

  // Of a program that reads for itself:
  LocalReader* reader = nullptr;       ///< who checks what it has read
  std::unique_ptr<Mapping> mapping{};  ///< which it keeps
  WriteBack* write_back = nullptr;     ///< through which it writes, and
  OpenFile target{};                   ///< the file that it writes to
  std::unique_ptr<Pipe> pipe{};        ///< that it writes into

  // What the connection keeps from one request to the next, once it needs it:
  std::unique_ptr<TlsWriter> tls{};        ///< in the server's TLS library
  std::unique_ptr<TlsSocket> ktls{};       ///< in the kernel
  std::unique_ptr<Compressor> compress{};  ///< in the server

  /// The address of one of the server's buffers (malloc() at its first use), of `size` bytes.
  std::uint64_t user_buffer(std::size_t number, Bytes size) {
    if (buffers.size() <= number) buffers.resize(number + 1);
    if (!buffers[number]) {
      const auto frames = static_cast<unsigned>(units_covering(size, kPageSize));
      buffers[number] = address_of(memory.allocate_adjacent(frames));
    }
    return *buffers[number];
  }
  /// The one that a chunk goes through.
  std::uint64_t user_buffer() { return user_buffer(0, chunk); }
  /// A second one, of `size` bytes, for what the server makes of a chunk.
  SegmentList output_buffer(Bytes size) {
    return {{user_buffer(1, size), static_cast<std::uint32_t>(size.count())}};
  }

  /// The connection's key, in the server's TLS library or in the kernel.
  TlsWriter& user_tls() {
    if (!tls) tls = std::make_unique<TlsWriter>(socket.connection(), TlsWriter::Mode::kEncrypt);
    return *tls;
  }
  TlsSocket& kernel_tls() {
    if (!ktls) ktls = std::make_unique<TlsSocket>(config.kernel, kernel, task, socket);
    return *ktls;
  }
  Compressor& compressor() {
    if (!compress) compress = std::make_unique<Compressor>(config.workload.compress_ratio);
    return *compress;
  }
};

}  // namespace copypath
