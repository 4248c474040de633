// pread(): a program reads for itself, a system call and a copy for every chunk.
#include "native/all_paths.h"
#include "native/local_reader.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  LocalReader reader(c);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n =
          c.calls.pread(c.file, buffer.data(), c.next_read(), c.position);  // copy
      reader.add_up(buffer.data(), n);
      c.position += n;
    }
  }
}

}  // namespace

const Path kPreadPath{"pread",
                      "a program reads for itself with pread(): one copy",
                      serve,
                      Source::kFile,
                      Encoding::kPlain,
                      true};

}  // namespace copypath::native
