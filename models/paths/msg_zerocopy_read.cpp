// read() + sendmsg(MSG_ZEROCOPY): the file is copied into a buffer, and the NIC takes it from
// there. The call returns before the bytes have left, so the server needs several buffers, and word
// from the kernel when one is free again.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/paths/zerocopy_program.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;
  enable_zerocopy(c);
  while (c.file.left() > Bytes(0)) {
    BufferRing::Buffer& buffer = free_buffer(c);  // reads completions, if it has to
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer.address, c.chunk);  // one copy
    }
    if (n == Bytes(0)) break;     // EIO
    send_zerocopy(c, buffer, n);  // by reference
  }
  finish_zerocopy(c);
}

}  // namespace

const Path kMsgZerocopyReadPath{
    "msg_zerocopy_read",
    "read() into a buffer, sendmsg(MSG_ZEROCOPY) from it: two DMA transfers, one copy by the CPU, "
    "and a wait for each buffer to be free again",
    {
        {"switch MSG_ZEROCOPY on, once per connection", "sk_setsockopt (SO_ZEROCOPY)",
         "net/core/sock.c"},
        {"the server asks for the next chunk, into a buffer that is free: one mode switch in",
         "ksys_read", "fs/read_write.c"},
        {"find the pages in the page cache, or have them read", "filemap_get_pages",
         "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"copy the pages into the buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the server passes the buffer to sendmsg(MSG_ZEROCOPY): one mode switch in",
         "tcp_sendmsg_locked", "net/ipv4/tcp.c"},
        {"a notification for the call, or a share in that of the last skb; ENOBUFS if there is no "
         "memory for it (optmem)",
         "msg_zerocopy_realloc", "net/core/skbuff.c"},
        {"pin the buffer's pages and append them to skbs as fragments",
         "zerocopy_fill_skb_from_iter", "net/core/datagram.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"return to the server, whose buffer is still in use: one mode switch out",
         "syscall_exit_to_user_mode", "kernel/entry/common.c"},
        {"the NIC's DMA gathers the buffer's pages (copy 3, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the last skb: the notification goes to the error queue, joined "
         "with the one before it",
         "__msg_zerocopy_callback", "net/core/skbuff.c"},
        {"a server that needs a buffer again waits for the error queue: two mode switches",
         "tcp_poll", "net/ipv4/tcp.c"},
        {"and reads which sends are complete: two mode switches", "ip_recv_error (MSG_ERRQUEUE)",
         "net/ipv4/ip_sockglue.c; Documentation/networking/msg_zerocopy.rst"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile,
    lacks_msg_zerocopy};

}  // namespace copypath
