// read() with O_DIRECT + write(): the drive's DMA fills the program's buffer, so read() copies
// nothing; but nothing is read ahead either, and no page stays in memory for the next client.
#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n =
          c.calls.read(c.file, buffer.data(), c.next_read());  // whole blocks, by DMA
      c.calls.write_all(c.socket, buffer.data(), n);           // the one copy
      c.position += n;
    }
  }
}

}  // namespace

const Path kDirectWritePath{"direct_write", "read() with O_DIRECT, write(): one copy", serve,
                            Source::kDirectFile};

}  // namespace copypath::native
