// read() + vmsplice() + splice(): the file is copied into a buffer whose pages go into a pipe by
// reference, and on into the socket. Nobody says when they are free again: the server asks how much
// of what it sent is still in the send queue. On one machine that is not enough, as the receiver's
// queue refers to the same pages until it takes them; so the client tells how far it has got.
#include <algorithm>

#include "native/all_paths.h"
#include "native/buffer_ring.h"

namespace copypath::native {

namespace {

/// Until the first `sent` bytes of the stream have been acknowledged, and taken.
void wait_until_taken(Connection& c, std::uint64_t sent) {
  while (c.in_stream() - c.calls.unacknowledged(c.socket) < sent || *c.taken < sent) {
    c.stop_if_hung_up();
    c.calls.sleep(c.config.workload.retry.to_seconds());
  }
}

void serve(Connection& c) {
  const std::size_t pipe_size = c.config.pipe.size.count();
  const Pipe pipe(pipe_size);
  std::vector<RingBuffer> ring = buffer_ring(c);
  for (std::size_t i = 0; c.next_request();) {
    while (c.left() > 0) {
      RingBuffer& buffer = ring[i++ % ring.size()];
      if (buffer.last_send > 0) wait_until_taken(c, buffer.last_send);
      const std::size_t n = c.calls.read(c.file, buffer.memory.data(), c.next_read());  // the copy
      for (std::size_t at = 0; at < n;) {
        std::size_t left = std::min(n - at, pipe_size);
        left = c.calls.vmsplice(pipe.in, buffer.memory.data() + at, left);  // pins the pages
        at += left;
        while (left > 0) left -= c.calls.splice(pipe.out, c.socket, left);
      }
      c.position += n;
      buffer.last_send = c.in_stream();
    }
  }
}

}  // namespace

const Path kVmsplicePath{
    "vmsplice", "read() into a buffer, vmsplice() its pages, splice() them to the socket: one copy",
    serve};

}  // namespace copypath::native
