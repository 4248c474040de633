// splice() through a pipe: what sendfile() does in one call, spelled out in two. The pipe holds
// references to page-cache pages, never their bytes.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    FragmentList pipe;
    {
      const SystemCall splice_in(c.kernel, c.task, Call::kSplice);  // file to pipe
      pipe = vfs_splice_read(c.task, c.kernel, c.file, c.chunk, c.config.pipe.size);
    }
    if (pipe.empty()) break;  // EIO
    {
      const SystemCall splice_out(c.kernel, c.task, Call::kSplice);  // pipe to socket
      c.socket.send_pages(c.task, pipe, false);
    }
  }
}

}  // namespace

const Path kSplicePath{
    "splice",
    "splice() from the file into a pipe and on into the socket: two DMA transfers, no copy by the "
    "CPU, two calls",
    {
        {"file to pipe: one mode switch in", "do_splice", "fs/splice.c"},
        {"find the pages in the page cache", "filemap_get_pages", "mm/filemap.c"},
        {"start readahead for the pages that are missing", "page_cache_sync_ra", "mm/readahead.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"sleep until the interrupt unlocks the page", "folio_wait_bit_common", "mm/filemap.c"},
        {"put references to at most 16 pages into the pipe", "splice_folio_into_pipe",
         "mm/filemap.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"pipe to socket: one mode switch in", "do_splice", "fs/splice.c"},
        {"hand the pages to the socket (MSG_SPLICE_PAGES)", "splice_to_socket", "fs/splice.c"},
        {"append the pages to skbs as fragments", "skb_splice_from_iter", "net/core/skbuff.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"turn the skb into descriptors and ring the doorbell", "ndo_start_xmit",
         "include/linux/netdevice.h"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the page-cache pages (copy 2, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement drops the references to the pages", "tcp_clean_rtx_queue",
         "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile};

}  // namespace copypath
