// sendfile(): the zero-copy path. The page cache's own pages travel through an internal pipe to the
// socket, and the NIC gathers the bytes from where the disk has put them.
#include <algorithm>

#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

// splice_direct_to_actor(): the task's internal pipe is filled and drained, over and over.
void send_file(Connection& c, Bytes count) {
  while (count > Bytes(0)) {
    const FragmentList pipe = vfs_splice_read(c.task, c.kernel, c.file, count, kPipeSize);
    // Nothing, if somebody has truncated the file: a short transfer, and what was held back is
    // sent.
    count = pipe.empty() ? Bytes(0) : count - size_of(pipe);
    c.socket.send_pages(c.task, pipe, count > Bytes(0));  // by reference: nothing is copied
  }
}

namespace {

void serve(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    const SystemCall sendfile(c.kernel, c.task, Call::kSendfile);
    send_file(c, std::min(c.chunk, c.file.left()));
  }
}

}  // namespace

const Path kSendfilePath{
    "sendfile",
    "sendfile() passes references to page-cache pages to the socket: two DMA transfers, no copy by "
    "the CPU",
    {
        {"the server names file and socket in one call: one mode switch in", "do_sendfile",
         "fs/read_write.c"},
        {"alternate between filling and draining the task's internal pipe, 64 KiB at a time",
         "splice_direct_to_actor", "fs/splice.c"},
        {"find the pages in the page cache", "filemap_get_pages", "mm/filemap.c"},
        {"start readahead for the pages that are missing", "page_cache_sync_ra", "mm/readahead.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"sleep until the interrupt unlocks the page", "folio_wait_bit_common", "mm/filemap.c"},
        {"put references to the pages into the pipe", "splice_folio_into_pipe", "mm/filemap.c"},
        {"hand the pages to the socket (MSG_SPLICE_PAGES; MSG_MORE while data remain)",
         "splice_to_socket", "fs/splice.c"},
        {"wait while the send buffer is full", "sk_stream_wait_memory", "net/core/stream.c"},
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
    Reads::kAnyFile,
    nullptr,
    Job::kServe,
    true};

}  // namespace copypath
