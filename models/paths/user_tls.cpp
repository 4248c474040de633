// TLS in user space: read(), encrypt into a second buffer, write(). What every HTTPS server did
// before kTLS, and what it does whenever the TLS library keeps the key to itself.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  const std::uint64_t buffer = c.user_buffer();
  const SegmentList output = c.output_buffer(tls_sealed_size(c.chunk));
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer, c.chunk);  // copy to the caller
    }
    if (n == Bytes(0)) break;  // EIO
    const SegmentList text{{buffer, static_cast<std::uint32_t>(n.count())}};
    const Bytes sealed = c.task.pass({Movement::kEncryptUser, &text, &output,
                                      c.task.costs().crypto_rate, &c.user_tls()});  // SSL_write()
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      c.socket.send(c.task, first(output, sealed));  // and back
    }
  }
}

}  // namespace

const Path kUserTlsPath{
    "user_tls",
    "read() into a buffer, encrypt it into another in user space, write() that to the socket: two "
    "copies and one pass of encryption by the CPU",
    {
        {"the server asks for the next chunk: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"find the pages in the page cache, read ahead those that are missing", "filemap_get_pages",
         "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"copy the pages into the caller's buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the TLS library makes records of at most 16 KiB in a second buffer (encryption: the CPU "
         "reads and writes every byte)",
         "-", "SSL_write(3), RFC 8446, 5.2"},
        {"the server passes the second buffer to write(): one mode switch in", "ksys_write",
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
    Transformation::kTls,
    Reads::kAnyFile};

}  // namespace copypath
