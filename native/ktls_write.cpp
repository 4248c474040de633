// TLS in the kernel + read() and write(): the kernel encrypts straight from the program's buffer,
// which saves one copy against TLS in the program.
#include "native/all_paths.h"
#include "native/ktls.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  send_tls(c.socket);
  const Buffer buffer(c.chunk);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n = c.calls.read(c.file, buffer.data(), c.next_read());  // the copy
      c.calls.write_all(c.socket, buffer.data(), n);                             // encrypts
      c.position += n;
    }
  }
}

}  // namespace

const Path kKtlsWritePath{"ktls_write", "read(), write() to a socket with TLS in the kernel", serve,
                          Source::kFile, Encoding::kKernelTls};

}  // namespace copypath::native
