// read() with O_DIRECT + sendmsg(MSG_ZEROCOPY): the drive's DMA fills a buffer, and the socket
// takes it by reference. No copy by the processor at either end, and no page cache.
#include "native/all_paths.h"
#include "native/buffer_ring.h"
#include "native/zero_copy_socket.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  ZeroCopySocket socket(c);
  std::vector<RingBuffer> ring = buffer_ring(c);
  for (std::size_t i = 0; c.next_request();) {
    while (c.left() > 0) {
      RingBuffer& buffer = ring[i++ % ring.size()];
      socket.wait_for(buffer.last_send);
      const std::size_t n = c.calls.read(c.file, buffer.memory.data(), c.next_read());  // by DMA
      buffer.last_send = socket.send_all(buffer.memory.data(), n);
      c.position += n;
    }
    socket.wait_for_all();
  }
}

}  // namespace

const Path kDirectZcPath{"direct_zc",
                         "read() with O_DIRECT, sendmsg(MSG_ZEROCOPY): no copy by the calls", serve,
                         Source::kDirectFile};

}  // namespace copypath::native
