// mmap() + write(): the file appears in the program's memory without a copy, but write() still
// copies it into the socket, and touching it for the first time costs faults.
#include "native/all_paths.h"
#include "native/mapped_file.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  while (c.next_request()) {
    const MappedFile file(c);
    while (c.left() > 0) {
      const std::size_t n = c.next_chunk();
      c.calls.write_all(c.socket, file.next(), n);  // faults, and the one copy
      c.position += n;
    }
  }
}

}  // namespace

const Path kMmapWritePath{"mmap_write", "write() from the mapped file: one copy, and page faults",
                          serve};

}  // namespace copypath::native
