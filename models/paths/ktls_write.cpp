// read() + write() on a socket that has its TLS key in the kernel: for what is made in user space
// and has to be encrypted. Against TLS in user space it saves a copy, as the kernel encrypts from
// the server's buffer.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  const std::uint64_t buffer = c.user_buffer();
  while (c.file.left() > Bytes(0)) {
    TlsSocket& tls = c.kernel_tls();  // setsockopt(), once
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer, c.chunk);  // copy to the caller
    }
    if (n == Bytes(0)) break;  // EIO
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      tls.send(c.task, {{buffer, static_cast<std::uint32_t>(n.count())}});  // encrypted from there
    }
  }
}

}  // namespace

const Path kKtlsWritePath{
    "ktls_write",
    "read() into a buffer, write() it to a kTLS socket: one copy by the CPU, which encrypts from "
    "the buffer, or two for a NIC that encrypts",
    {
        {"once per connection, hand the key to the kernel: TCP_ULP \"tls\", TLS_TX",
         "do_tls_setsockopt_conf", "net/tls/tls_main.c"},
        {"the server asks for the next chunk: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"find the pages in the page cache, read ahead those that are missing", "filemap_get_pages",
         "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"copy the pages into the caller's buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the server passes the same buffer to write(): one mode switch in", "ksys_write",
         "fs/read_write.c"},
        {"software: cut the buffer into records of at most 16 KiB, by reference", "tls_sw_sendmsg",
         "net/tls/tls_sw.c"},
        {"software: encrypt each from the buffer into new kernel memory (the CPU reads and writes "
         "every byte, but copies none)",
         "tls_do_encryption", "net/tls/tls_sw.c"},
        {"NIC (since 4.18): copy the buffer behind headers (copy 3, by the CPU)", "tls_push_data",
         "net/tls/tls_device.c"},
        {"append the record to skbs as fragments, and send what the window allows",
         "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"turn the skb into descriptors and ring the doorbell", "ndo_start_xmit",
         "include/linux/netdevice.h"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the record, and the NIC encrypts it if the kernel has not (the "
         "last copy, by DMA)",
         "-", "Documentation/networking/tls-offload.rst"},
        {"the acknowledgement frees the kernel memory", "tcp_clean_rtx_queue",
         "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kTls,
    Reads::kAnyFile,
    ktls_refusal};

}  // namespace copypath
