// TLS in the program, from the mapped file: the encryption reads the page cache's pages where they
// are, which saves the copy of read(); write() still copies what it has made.
#include "native/all_paths.h"
#include "native/mapped_file.h"
#include "native/resources.h"
#include "native/tls_record.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  const Buffer records(tls_size(c.chunk));
  TlsRecords tls(TlsRecords::Use::kSeal);
  while (c.next_request()) {
    const MappedFile file(c);
    while (c.left() > 0) {
      const std::size_t n = c.next_chunk();
      const std::size_t sealed = tls.seal(file.next(), n, records.data());  // faults
      c.calls.write_all(c.socket, records.data(), sealed);                  // the one copy
      c.position += n;
    }
  }
}

}  // namespace

const Path kUserTlsMmapPath{"user_tls_mmap", "AES-256-GCM by OpenSSL from the mapped file, write()",
                            serve, Source::kFile, Encoding::kTls};

}  // namespace copypath::native
