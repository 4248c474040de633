// TLS in the program: read(), encrypt, write(). The encryption reads one buffer and writes another,
// between the same two copies as in read_write.
#include "native/all_paths.h"
#include "native/resources.h"
#include "native/tls_record.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  const Buffer records(tls_size(c.chunk));
  TlsRecords tls(TlsRecords::Use::kSeal);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n = c.calls.read(c.file, buffer.data(), c.next_read());  // copy 1
      const std::size_t sealed = tls.seal(buffer.data(), n, records.data());
      c.calls.write_all(c.socket, records.data(), sealed);  // copy 2
      c.position += n;
    }
  }
}

}  // namespace

const Path kUserTlsPath{"user_tls", "read(), AES-256-GCM by OpenSSL in records of 16 KiB, write()",
                        serve, Source::kFile, Encoding::kTls};

}  // namespace copypath::native
