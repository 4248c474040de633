// Compression in user space: read(), deflate into a second buffer, write() what is left. The bytes
// on the wire are not those of the file, so no call that hands over pages can replace it.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  const std::uint64_t buffer = c.user_buffer();
  const SegmentList output = c.output_buffer(Compressor::most(c.chunk));
  Compressor& compressor = c.compressor();
  compressor.begin_file();
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer, c.chunk);  // copy to the caller
    }
    if (n == Bytes(0)) break;  // EIO
    const SegmentList plain{{buffer, static_cast<std::uint32_t>(n.count())}};
    compressor.set_last(c.file.left() == Bytes(0));
    const Bytes left = c.task.pass({Movement::kCompress, &plain, &output,
                                    c.task.costs().compress_rate, &compressor});  // deflate()
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      c.socket.send(c.task, first(output, left));  // and back, as far as something is left
    }
  }
}

}  // namespace

const Path kCompressWritePath{
    "compress_write",
    "read() into a buffer, deflate it into another in user space, write() that to the socket: two "
    "copies, the second of what is left, and one pass of compression by the CPU",
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
        {"compress the buffer into a second one, and flush it at the end of the chunk (the CPU "
         "reads every byte and writes what is left)",
         "-", "zlib.h, deflate() with Z_SYNC_FLUSH"},
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
    Transformation::kCompress,
    Reads::kAnyFile,
    [](const Config& config) -> std::string {
      if (config.workload.range == Bytes(0) && config.workload.hazard != Hazard::kTruncate) {
        return "";
      }
      return "compresses whole files, accepted: workload.range = whole_file, and a workload.hazard "
             "that leaves them whole";
    }};

}  // namespace copypath
