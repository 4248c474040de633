// What java.nio's FileChannel.transferTo() does, as often as it takes: it moves at most
// Integer.MAX_VALUE bytes at a time, by sendfile() if its target is a socket. Otherwise the runtime
// falls back, first to mapped windows of 8 MiB, then to a buffer of 8 KiB, and says nothing. The
// chunk that the program had in mind plays no part.
#include <algorithm>

#include "native/all_paths.h"
#include "native/mapped_file.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

constexpr std::uint64_t kMostPerTransfer = 0x7fffffff;
constexpr std::uint64_t kMappedTransferSize = 8 * 1024 * 1024;
constexpr std::uint64_t kTransferSize = 8 * 1024;

void transfer_mapped(Connection& c, std::uint64_t end) {
  while (c.position < end) {
    const std::uint64_t n = std::min(end - c.position, kMappedTransferSize);
    const MappedFile window(c, n);
    c.calls.write_all(c.socket, window.next(), n);
    c.position += n;
  }
}

void transfer_through_buffer(Connection& c, const Buffer& buffer, std::uint64_t end) {
  while (c.position < end) {
    const std::size_t wanted = std::min(end - c.position, kTransferSize);
    const std::size_t n = c.calls.pread(c.file, buffer.data(), wanted, c.position);
    c.calls.write_all(c.socket, buffer.data(), n);
    c.position += n;
  }
}

void serve(Connection& c) {
  const Buffer buffer(kTransferSize);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::uint64_t count = std::min(c.left(), kMostPerTransfer);
      switch (c.config.workload.java_target) {
        case JavaTarget::kSocket:
          c.calls.sendfile(c.socket, c.file, c.position, count);
          break;
        case JavaTarget::kTrusted:
          transfer_mapped(c, c.position + count);
          break;
        case JavaTarget::kArbitrary:
          transfer_through_buffer(c, buffer, c.position + count);
          break;
      }
    }
  }
}

}  // namespace

const Path kJavaTransferToPath{
    "java_transfer_to", "FileChannel.transferTo(): sendfile(), if the target is a socket", serve};

}  // namespace copypath::native
