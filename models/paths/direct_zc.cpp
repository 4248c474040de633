// read() with O_DIRECT + sendmsg(MSG_ZEROCOPY): the drive's DMA fills a buffer of the server's, the
// NIC's DMA takes it from there, and no core touches a byte.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/paths/zerocopy_program.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;
  c.file.source = FileSource::kDirect;  // open(O_DIRECT)
  enable_zerocopy(c);
  while (c.file.left() > Bytes(0)) {
    BufferRing::Buffer& buffer = free_buffer(c);  // reads completions, if it has to
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer.address, c.chunk);  // by DMA
    }
    if (n == Bytes(0)) break;     // EIO
    send_zerocopy(c, buffer, n);  // by reference
  }
  finish_zerocopy(c);
}

std::string refuse(const Config& config) {
  const std::string lacks = lacks_msg_zerocopy(config);
  return lacks.empty() ? unaligned_direct_read(config) : lacks;
}

}  // namespace

const Path kDirectZcPath{
    "direct_zc",
    "read() with O_DIRECT into a buffer, sendmsg(MSG_ZEROCOPY) from it: two DMA transfers, no copy "
    "by the CPU, no page cache",
    {
        {"switch MSG_ZEROCOPY on, once per connection", "sk_setsockopt (SO_ZEROCOPY)",
         "net/core/sock.c"},
        {"the server asks for the next chunk, into a buffer that is free: one mode switch in",
         "ksys_read", "fs/read_write.c"},
        {"pin the buffer's pages", "bio_iov_iter_get_pages", "block/bio.c"},
        {"submit the read, at most 1 MiB per request", "iomap_dio_rw", "fs/iomap/direct-io.c"},
        {"the drive's DMA fills the buffer (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"sleep until everything has arrived", "blk_io_schedule", "fs/iomap/direct-io.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the server passes the buffer to sendmsg(MSG_ZEROCOPY): one mode switch in",
         "tcp_sendmsg_locked", "net/ipv4/tcp.c"},
        {"a notification for the call, or a share in that of the last skb", "msg_zerocopy_realloc",
         "net/core/skbuff.c"},
        {"pin the buffer's pages and append them to skbs as fragments",
         "zerocopy_fill_skb_from_iter", "net/core/datagram.c"},
        {"return to the server, whose buffer is still in use: one mode switch out",
         "syscall_exit_to_user_mode", "kernel/entry/common.c"},
        {"the NIC's DMA gathers the buffer's pages (copy 2, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the last skb: the notification goes to the error queue",
         "__msg_zerocopy_callback", "net/core/skbuff.c"},
        {"a server that needs a buffer again waits for the error queue and reads it: four mode "
         "switches",
         "ip_recv_error (MSG_ERRQUEUE)",
         "net/ipv4/ip_sockglue.c; Documentation/networking/msg_zerocopy.rst"},
    },
    serve,
    Transformation::kNone,
    Reads::kFile,
    refuse};

}  // namespace copypath
