// read() + sendmsg(MSG_ZEROCOPY): one copy, into a buffer that the socket then takes by reference.
// A buffer is used again only when its notification has come, hence a ring of them.
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
      const std::size_t n = c.calls.read(c.file, buffer.memory.data(), c.next_read());  // the copy
      buffer.last_send = socket.send_all(buffer.memory.data(), n);
      c.position += n;
    }
    socket.wait_for_all();
  }
}

}  // namespace

const Path kMsgZerocopyReadPath{
    "msg_zerocopy_read", "read() into a ring of buffers, sendmsg(MSG_ZEROCOPY): one copy", serve};

}  // namespace copypath::native
