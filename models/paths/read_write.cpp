// read() + write(): the four-copy path. What every server did before sendfile(), and what every
// program does that must look at the bytes.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  const std::uint64_t buffer = c.user_buffer();
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer, c.chunk);  // copy to the caller
    }
    if (n == Bytes(0)) break;  // EIO
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      c.socket.send(c.task, {{buffer, static_cast<std::uint32_t>(n.count())}});  // and back
    }
  }
}

}  // namespace

const Path kReadWritePath{
    "read_write",
    "read() into a buffer, write() it to the socket: two DMA transfers and two copies by the CPU",
    {
        {"the server asks for the next chunk: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"find the pages in the page cache", "filemap_get_pages", "mm/filemap.c"},
        {"start readahead for the pages that are missing", "page_cache_sync_ra", "mm/readahead.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"sleep until the interrupt unlocks the page", "folio_wait_bit_common", "mm/filemap.c"},
        {"copy the pages into the caller's buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the server passes the same buffer to write(): one mode switch in", "ksys_write",
         "fs/read_write.c"},
        {"wait while the send buffer is full", "sk_stream_wait_memory", "net/core/stream.c"},
        {"copy the buffer into kernel memory behind skbs (copy 3, by the CPU)",
         "tcp_sendmsg_locked", "net/ipv4/tcp.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"turn the skb into descriptors and ring the doorbell", "ndo_start_xmit",
         "include/linux/netdevice.h"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the kernel memory (copy 4, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the kernel memory", "tcp_clean_rtx_queue",
         "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile};

}  // namespace copypath
