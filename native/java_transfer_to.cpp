// What java.nio's FileChannel.transferTo() does when its target is a socket: it takes at most
// Integer.MAX_VALUE bytes at a time, and passes them on by sendfile() in steps of 8 MiB, whatever
// the chunk that the program had in mind.
#include <algorithm>

#include "native/all_paths.h"

namespace copypath::native {

namespace {

constexpr std::uint64_t kMostPerTransfer = 0x7fffffff;
constexpr std::uint64_t kStep = 8 * 1024 * 1024;

void serve(Connection& c) {
  while (c.next_request()) {
    while (c.left() > 0) {  // one transferTo()
      const std::uint64_t end = c.position + std::min(c.left(), kMostPerTransfer);
      while (c.position < end) {
        c.calls.sendfile(c.socket, c.file, c.position, std::min(end - c.position, kStep));
      }
    }
  }
}

}  // namespace

const Path kJavaTransferToPath{"java_transfer_to",
                               "FileChannel.transferTo(): sendfile() in steps of 8 MiB", serve};

}  // namespace copypath::native
