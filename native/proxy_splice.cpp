// A proxy that passes bytes from one socket to another by splice() through a pipe: what the network
// has received goes out again by reference.
#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Pipe pipe(c.config.pipe.size.count());
  while (c.next_request()) {
    c.ask_origin();
    while (c.left() > 0) {
      std::size_t n = c.calls.splice(c.file, pipe.in, c.next_chunk());  // what has arrived
      c.position += n;
      while (n > 0) n -= c.calls.splice(pipe.out, c.socket, n);
    }
  }
}

}  // namespace

const Path kProxySplicePath{"proxy_splice",
                            "splice() from another socket to a pipe and on: no copy", serve,
                            Source::kOrigin};

}  // namespace copypath::native
