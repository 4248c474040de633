// mmap() with MAP_POPULATE + write(): as mmap_write, but the mapping is filled in by mmap() itself,
// so that the copies meet no faults.
#include <sys/mman.h>

#include "native/all_paths.h"
#include "native/mapped_file.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  while (c.next_request()) {
    const MappedFile file(c, MAP_POPULATE);
    while (c.left() > 0) {
      const std::size_t n = c.next_chunk();
      c.calls.write_all(c.socket, file.next(), n);  // the one copy
      c.position += n;
    }
  }
}

}  // namespace

const Path kMmapPopulateWritePath{
    "mmap_populate_write",
    "write() from a file mapped with MAP_POPULATE: one copy, no faults in it", serve};

}  // namespace copypath::native
