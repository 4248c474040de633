// splice() through a pipe: what sendfile() does in one call, spelled out in two. The pipe holds
// references to page-cache pages, never their bytes.
#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Pipe pipe(c.config.pipe.size.count());
  while (c.next_request()) {
    while (c.left() > 0) {
      std::size_t n = c.calls.splice_file(c.file, c.position, pipe.in, c.next_read());
      while (n > 0) n -= c.calls.splice(pipe.out, c.socket, n);
    }
  }
}

}  // namespace

const Path kSplicePath{"splice", "splice() from the file to a pipe and on to the socket: no copy",
                       serve};

}  // namespace copypath::native
