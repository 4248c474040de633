// TLS in user space, straight from a mapping: the TLS library reads the page cache itself, so
// read() and its copy are gone; the faults are taken by the server, in user mode.
#include <algorithm>

#include "models/kernel/mapping.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

/// The stretch that is faulted in before it is encrypted: whole records.
constexpr Bytes kStretch = kTlsLargestText * 4;

/// Encrypts the next chunk of the mapping into the second buffer; returns its size there.
Bytes encrypt(Connection& c, Mapping& mapping, const SegmentList& output) {
  Bytes sealed;
  const Bytes start = c.file.position;
  Bytes left = std::min(c.chunk, c.file.promised());
  while (left > Bytes(0)) {
    SegmentList pages;
    mapping.touch(c.task, c.file, std::min(left, kStretch), pages);  // page faults
    if (pages.empty()) {  // somebody has truncated the file: SIGBUS, and the chunk is not sent
      c.file.position = start;
      return Bytes(0);
    }
    const SegmentList to = slice(output, sealed, size_of(output));
    sealed += c.task.pass(
        {Movement::kEncryptMapping, &pages, &to, c.task.costs().crypto_rate, &c.user_tls()});
    for (const Segment& page : pages) c.kernel.page_cache.put_pages(page);
    c.file.position += size_of(pages);
    left -= size_of(pages);
  }
  return sealed;
}

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;  // mmap() of nothing is an error
  const SegmentList output = c.output_buffer(tls_sealed_size(c.chunk));
  Mapping mapping = map_file(c, c.file.left());
  while (c.file.promised() > Bytes(0)) {
    const Bytes sealed = encrypt(c, mapping, output);
    if (sealed == Bytes(0)) return;  // the server has been killed
    const SystemCall write(c.kernel, c.task, Call::kWrite);
    c.socket.send(c.task, first(output, sealed));  // the one copy
  }
  unmap_file(c, mapping);
}

}  // namespace

const Path kUserTlsMmapPath{
    "user_tls_mmap",
    "mmap() the file, encrypt from the mapping into a buffer in user space, write() that: one copy "
    "and one pass of encryption by the CPU, page faults",
    {
        {"map the file into the server's memory; nothing is read yet", "do_mmap", "mm/mmap.c"},
        {"the TLS library touches a page that is not mapped: a page fault", "do_read_fault",
         "mm/memory.c"},
        {"map what is in memory around it (64 KiB), or read a window around it",
         "filemap_map_pages", "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"the TLS library makes records of at most 16 KiB in a buffer (encryption: the CPU reads "
         "and writes every byte)",
         "-", "SSL_write(3), RFC 8446, 5.2"},
        {"the server passes the buffer to write(): one mode switch in", "ksys_write",
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
    Transformation::kTls};

}  // namespace copypath
