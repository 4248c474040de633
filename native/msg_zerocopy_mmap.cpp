// mmap() + sendmsg(MSG_ZEROCOPY): the socket gets references to the mapped file's pages. No byte is
// copied by the call, but pages are pinned, and notifications have to be read.
#include "native/all_paths.h"
#include "native/mapped_file.h"
#include "native/zero_copy_socket.h"

namespace copypath::native {

namespace {

void serve(Connection& c) {
  ZeroCopySocket socket(c);
  while (c.next_request()) {
    const MappedFile file(c);
    while (c.left() > 0) {
      const std::size_t n = c.next_chunk();
      socket.send_all(file.next(), n);  // faults; nothing is copied here
      c.position += n;
    }
    socket.wait_for_all();
  }
}

}  // namespace

const Path kMsgZerocopyMmapPath{
    "msg_zerocopy_mmap", "sendmsg(MSG_ZEROCOPY) from the mapped file: no copy by the call", serve};

}  // namespace copypath::native
