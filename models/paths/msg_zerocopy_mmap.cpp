// mmap() + sendmsg(MSG_ZEROCOPY): the file appears in the server's memory without a copy, and is
// sent from there without one: the skbs refer to the page cache's own pages, pinned through the
// mapping. If the file changes before the peer has acknowledged, the peer sees the change.
#include <algorithm>

#include "models/kernel/mapping.h"
#include "models/paths/all_paths.h"
#include "models/paths/zerocopy_program.h"

namespace copypath {

namespace {

/// The stretch that is faulted in and pinned at once; as long as a packet.
constexpr Bytes kStretch = kKiB * 64;

/// Sends the next `bytes` of the mapped file; false: no memory for the notification (ENOBUFS).
bool sendmsg_zerocopy(Connection& c, Mapping& mapping, Bytes bytes) {
  const SystemCall sendmsg(c.kernel, c.task, Call::kSendmsg);
  ZerocopySend send(c.socket, c.task, bytes);
  if (!send) return false;
  while (bytes > Bytes(0)) {
    SegmentList stretch;
    mapping.find_to_pin(c.task, c.file, std::min(bytes, kStretch), stretch);  // page faults
    if (stretch.empty()) {  // somebody has truncated the file: a short send
      send.append({}, false);
      break;
    }
    FragmentList pages;
    for (const Segment& page : stretch) pages.push_back({page, Place::kPageCache});
    c.file.position += size_of(pages);
    bytes -= size_of(pages);
    send.append(pages, bytes > Bytes(0));  // by reference: nothing is copied
  }
  ++c.sent;
  return true;
}

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;  // mmap() of nothing is an error
  enable_zerocopy(c);
  Mapping mapping = map_file(c, c.file.left());
  while (c.file.left() > Bytes(0)) {
    while (!sendmsg_zerocopy(c, mapping, std::min(c.chunk, c.file.promised()))) read_completions(c);
  }
  unmap_file(c, mapping);  // the skbs keep the pages
  finish_zerocopy(c);
}

}  // namespace

const Path kMsgZerocopyMmapPath{
    "msg_zerocopy_mmap",
    "mmap() the file, sendmsg(MSG_ZEROCOPY) from the mapping: two DMA transfers, no copy by the "
    "CPU, page faults",
    {
        {"switch MSG_ZEROCOPY on, once per connection", "sk_setsockopt (SO_ZEROCOPY)",
         "net/core/sock.c"},
        {"map the file into the server's memory; nothing is read yet", "do_mmap", "mm/mmap.c"},
        {"the server passes the mapped address to sendmsg(MSG_ZEROCOPY): one mode switch in",
         "tcp_sendmsg_locked", "net/ipv4/tcp.c"},
        {"a notification for the call, or a share in that of the last skb; ENOBUFS if there is no "
         "memory for it (optmem)",
         "msg_zerocopy_realloc", "net/core/skbuff.c"},
        {"pin the pages: one that is not mapped is a page fault", "iov_iter_get_pages2",
         "lib/iov_iter.c"},
        {"map what is in memory around it (64 KiB), or read a window around it", "do_read_fault",
         "mm/memory.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"append the page cache's pages to skbs as fragments", "zerocopy_fill_skb_from_iter",
         "net/core/datagram.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the page-cache pages (copy 2, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the last skb and unpins the pages: the notification goes to "
         "the error queue",
         "__msg_zerocopy_callback", "net/core/skbuff.c"},
        {"before it takes another request, the server waits for the error queue and reads which "
         "sends are complete: four mode switches",
         "ip_recv_error (MSG_ERRQUEUE)",
         "net/ipv4/ip_sockglue.c; Documentation/networking/msg_zerocopy.rst"},
    },
    serve,
    Transformation::kNone,
    Reads::kFile,
    lacks_msg_zerocopy};

}  // namespace copypath
