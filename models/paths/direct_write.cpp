// read() with O_DIRECT + write(): the drive's DMA fills the server's buffer, so read() copies
// nothing; but nothing is read ahead either, and no page stays in memory for the next client.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  c.file.source = FileSource::kDirect;  // open(O_DIRECT)
  const std::uint64_t buffer = c.user_buffer();
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer, c.chunk);  // by DMA
    }
    if (n == Bytes(0)) break;  // EIO
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      c.socket.send(c.task, {{buffer, static_cast<std::uint32_t>(n.count())}});  // the one copy
    }
  }
}

}  // namespace

const Path kDirectWritePath{
    "direct_write",
    "read() with O_DIRECT into a buffer, write() it to the socket: two DMA transfers, one copy by "
    "the CPU, no page cache",
    {
        {"the server asks for the next chunk: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"pin the pages of the caller's buffer", "bio_iov_iter_get_pages", "block/bio.c"},
        {"submit the read, at most 1 MiB per request", "iomap_dio_rw", "fs/iomap/direct-io.c"},
        {"the drive's DMA fills the caller's buffer (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"sleep until everything has arrived", "blk_io_schedule", "fs/iomap/direct-io.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the server passes the same buffer to write(): one mode switch in", "ksys_write",
         "fs/read_write.c"},
        {"wait while the send buffer is full", "sk_stream_wait_memory", "net/core/stream.c"},
        {"copy the buffer into kernel memory behind skbs (copy 2, by the CPU)",
         "tcp_sendmsg_locked", "net/ipv4/tcp.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"turn the skb into descriptors and ring the doorbell", "ndo_start_xmit",
         "include/linux/netdevice.h"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the kernel memory (copy 3, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the kernel memory", "tcp_clean_rtx_queue",
         "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kFile,
    unaligned_direct_read};

}  // namespace copypath
