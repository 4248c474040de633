// read() + vmsplice() + splice(): the file is copied into a buffer whose pages go into a pipe by
// reference, and on into the socket. Nobody tells the server when they are free again: it has to
// look how much of what it sent is still in the send queue.
#include <algorithm>

#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

/// Asks (SIOCOUTQ) until the peer has acknowledged the first `bytes` that were sent.
void wait_until_acknowledged(Connection& c, std::uint64_t bytes) {
  for (;;) {
    {
      const SystemCall ioctl(c.kernel, c.task, Call::kIoctl);
      c.completed = c.sent - c.socket.queued().count();
    }
    if (c.completed >= bytes) return;
    const SystemCall nanosleep(c.kernel, c.task, Call::kClockNanosleep);
    c.kernel.timer.sleep(c.task, c.config.workload.retry);
  }
}

void serve(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    BufferRing::Buffer& buffer = c.send_buffers.next();
    if (buffer.free_at > 0) wait_until_acknowledged(c, buffer.free_at);
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer.address, c.chunk);  // one copy
    }
    for (Bytes done; done < n;) {
      const Bytes bytes = std::min(n - done, c.config.pipe.size);
      FragmentList pipe;
      {
        const SystemCall vmsplice(c.kernel, c.task, Call::kVmsplice);  // buffer to pipe
        pipe = pin_user_pages(c.task, buffer.address + done.count(), bytes);
      }
      {
        const SystemCall splice(c.kernel, c.task, Call::kSplice);  // pipe to socket
        c.socket.send_pages(c.task, pipe, false);
      }
      done += bytes;
    }
    buffer.free_at = c.sent += n.count();
  }
}

}  // namespace

const Path kVmsplicePath{
    "vmsplice",
    "read() into a buffer, vmsplice() its pages into a pipe, splice() them to the socket: two DMA "
    "transfers, one copy by the CPU, and nobody says when the buffer is free",
    {
        {"ask how much is still in the send queue, until the buffer's last bytes are acknowledged",
         "tcp_ioctl (SIOCOUTQ)", "net/ipv4/tcp.c"},
        {"the server asks for the next chunk: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"find the pages in the page cache, or have them read", "filemap_get_pages",
         "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"copy the pages into the buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"buffer to pipe: one mode switch in", "vmsplice_to_pipe", "fs/splice.c"},
        {"pin its pages, as many as the pipe has room for, and put references to them into the "
         "pipe",
         "iter_to_pipe", "fs/splice.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"pipe to socket: one mode switch in", "do_splice", "fs/splice.c"},
        {"hand the pages to the socket (MSG_SPLICE_PAGES)", "splice_to_socket", "fs/splice.c"},
        {"append the pages to skbs as fragments", "skb_splice_from_iter", "net/core/skbuff.c"},
        {"return to the server, whose buffer is still in use: one mode switch out",
         "syscall_exit_to_user_mode", "kernel/entry/common.c"},
        {"the NIC's DMA gathers the buffer's pages (copy 3, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement unpins the pages, and tells nobody", "tcp_clean_rtx_queue",
         "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile};

}  // namespace copypath
