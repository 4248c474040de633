// TLS in the kernel + sendfile(): the kernel encrypts from the page cache's pages into new ones. No
// copy besides, and no byte in the program.
#include "native/all_paths.h"
#include "native/ktls.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  send_tls(c.socket);
  while (c.next_request()) {
    while (c.left() > 0) {
      c.calls.sendfile(c.socket, c.file, c.position, c.next_read());
    }
  }
}

}  // namespace

const Path kKtlsSendfilePath{"ktls_sendfile", "sendfile() to a socket with TLS in the kernel",
                             serve, Source::kFile, Encoding::kKernelTls};

}  // namespace copypath::native
