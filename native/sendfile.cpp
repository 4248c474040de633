// sendfile(): the zero-copy path. The page cache's own pages travel to the socket by reference.
#include "native/all_paths.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  while (c.next_request()) {
    while (c.left() > 0) {
      c.calls.sendfile(c.socket, c.file, c.position, c.next_read());  // nothing is copied
    }
  }
}

}  // namespace

const Path kSendfilePath{"sendfile", "sendfile(): references to page-cache pages, no copy", serve};

}  // namespace copypath::native
