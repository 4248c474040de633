// A proxy that receives from one socket and sends to another: two copies of bytes that it does not
// look at.
#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  while (c.next_request()) {
    c.ask_origin();
    while (c.left() > 0) {
      const std::size_t n =
          c.calls.recv(c.file, buffer.data(), c.next_chunk());  // what has arrived
      c.calls.send_all(c.socket, buffer.data(), n);
      c.position += n;
    }
  }
}

}  // namespace

const Path kProxyReadWritePath{"proxy_read_write", "recv() from another socket, send(): two copies",
                               serve, Source::kOrigin};

}  // namespace copypath::native
