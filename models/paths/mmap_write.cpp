// mmap() + write(): the file appears in the server's memory without a copy, but write() still
// copies it into the socket, and every few pages cost a fault.
#include <algorithm>

#include "models/kernel/mapping.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

/// The stretch that is faulted in before it is copied; as long as a packet.
constexpr Bytes kStretch = kKiB * 64;

}  // namespace

Mapping map_file(Connection& c, Bytes count) {
  const SystemCall mmap(c.kernel, c.task, Call::kMmap);
  Mapping mapping(c.kernel.page_cache, c.file, c.kernel.faults, c.config.kernel);
  if (c.config.workload.map_populate) mapping.populate(c.task, c.file, count);
  return mapping;
}

void unmap_file(Connection& c, Mapping& mapping) {
  const SystemCall munmap(c.kernel, c.task, Call::kMunmap);
  mapping.unmap(c.task);
}

bool write_mapped(Connection& c, Mapping& mapping, Bytes count) {
  while (count > Bytes(0)) {
    SegmentList pages;
    mapping.touch(c.task, c.file, std::min(count, kStretch), pages);  // page faults
    if (pages.empty()) {  // somebody has truncated the file: what has been copied goes
      c.socket.send(c.task, {}, Movement::kCopyFromMapping);
      return false;
    }
    c.file.position += size_of(pages);
    count -= size_of(pages);
    const TouchedPages touched(c.kernel.page_cache, pages);
    const bool more = count > Bytes(0);  // of the same call: a packet is filled first
    c.socket.send(c.task, pages, Movement::kCopyFromMapping, more);  // the one copy
  }
  return true;
}

namespace {

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;  // mmap() of nothing is an error
  Mapping mapping = map_file(c, c.file.left());
  while (c.file.promised() > Bytes(0)) {
    const SystemCall write(c.kernel, c.task, Call::kWrite);
    if (!write_mapped(c, mapping, std::min(c.chunk, c.file.promised()))) break;  // EFAULT
  }
  unmap_file(c, mapping);
}

}  // namespace

const Path kMmapWritePath{
    "mmap_write",
    "mmap() the file, write() from the mapping: two DMA transfers, one copy by the CPU, page "
    "faults",
    {
        {"map the file into the server's memory; nothing is read yet", "do_mmap", "mm/mmap.c"},
        {"the server passes the mapped address to write(): one mode switch in", "ksys_write",
         "fs/read_write.c"},
        {"the kernel touches a page that is not mapped: a page fault", "do_read_fault",
         "mm/memory.c"},
        {"map what is in memory around it (64 KiB)", "filemap_map_pages", "mm/filemap.c"},
        {"or read a window around it", "do_sync_mmap_readahead", "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"wait while the send buffer is full", "sk_stream_wait_memory", "net/core/stream.c"},
        {"copy the pages into kernel memory behind skbs (copy 2, by the CPU)", "tcp_sendmsg_locked",
         "net/ipv4/tcp.c"},
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
    serve};

}  // namespace copypath
