// read() + write(): the bytes are copied from the page cache into the program's buffer, and from
// there into the socket.
#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n = c.calls.read(c.file, buffer.data(), c.next_read());  // copy 1
      c.calls.write_all(c.socket, buffer.data(), n);                             // copy 2
      c.position += n;
    }
  }
}

}  // namespace

const Path kReadWritePath{"read_write", "read() into a buffer and write() from it: two copies",
                          serve};

}  // namespace copypath::native
