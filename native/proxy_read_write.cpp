// A proxy that reads from one socket and writes to another: two copies of bytes that it does not
// look at.
#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n =
          c.calls.read(c.file, buffer.data(), c.next_chunk());  // what has arrived
      c.calls.write_all(c.socket, buffer.data(), n);
      c.position += n;
    }
  }
}

}  // namespace

const Path kProxyReadWritePath{
    "proxy_read_write", "read() from another socket, write(): two copies", serve, Source::kOrigin};

}  // namespace copypath::native
