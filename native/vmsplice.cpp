// vmsplice(): user pages go into a pipe by reference, and by splice() to the socket. Nobody says
// when the receiver is done with them, so memory that is sent this way must never change: here it
// is the mapped file itself. With a buffer, the next read() would change what is still on its way.
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
