// vmsplice(): user pages go into a pipe by reference, and by splice() to the socket. Nobody says
// when the receiver is done with them. On a wire they are free when they are acknowledged, which is
// how the model uses buffers; on one machine the receiver's queue refers to them even then. So here
// it is memory that never changes: the mapped file itself.
#include "native/all_paths.h"
#include "native/mapped_file.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Pipe pipe(c.config.pipe.size.count());
  while (c.next_request()) {
    const MappedFile file(c);
    while (c.left() > 0) {
      std::size_t n = c.calls.vmsplice(pipe.in, file.next(), c.next_chunk());  // pins the pages
      c.position += n;
      while (n > 0) n -= c.calls.splice(pipe.out, c.socket, n);
    }
  }
}

}  // namespace

const Path kVmsplicePath{
    "vmsplice", "the mapped file's pages into a pipe and on to the socket: no copy", serve};

}  // namespace copypath::native
