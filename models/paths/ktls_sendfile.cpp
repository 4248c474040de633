// sendfile() on a socket that has its TLS key in the kernel: HTTPS without a copy to user space.
// Who encrypts, and whether a copy is needed for it, is decided by the NIC and by the kernel's
// version.
#include <algorithm>

#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    TlsSocket& tls = c.kernel_tls();  // setsockopt(), once
    const SystemCall sendfile(c.kernel, c.task, Call::kSendfile);
    Bytes left = std::min(c.chunk, c.file.left());
    while (left > Bytes(0)) {  // splice_direct_to_actor(): pipe in, pipe out
      const FragmentList pipe = vfs_splice_read(c.task, c.kernel, c.file, left, kPipeSize);
      // Nothing, if somebody has truncated the file: the last record is closed.
      left = pipe.empty() ? Bytes(0) : left - size_of(pipe);
      tls.send_pages(c.task, pipe, left > Bytes(0));  // becomes records, by reference
    }
  }
}

}  // namespace

const Path kKtlsSendfilePath{
    "ktls_sendfile",
    "sendfile() on a kTLS socket: encrypted by the CPU straight from the page cache, or by a NIC "
    "that can (nic.tls_offload), with or without a copy",
    {
        {"once per connection, hand the key to the kernel: TCP_ULP \"tls\", TLS_TX",
         "do_tls_setsockopt_conf", "net/tls/tls_main.c"},
        {"the server names file and socket in one call: one mode switch in", "do_sendfile",
         "fs/read_write.c"},
        {"alternate between filling and draining the task's internal pipe, 64 KiB at a time",
         "splice_direct_to_actor", "fs/splice.c"},
        {"find the pages in the page cache, read ahead those that are missing", "filemap_get_pages",
         "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"hand the pages to the socket (MSG_SPLICE_PAGES; MSG_MORE while data remain)",
         "splice_to_socket", "fs/splice.c"},
        {"software: collect references to pages until a record is full (16 KiB)",
         "tls_sw_sendmsg_splice", "net/tls/tls_sw.c"},
        {"software: encrypt the record from the pages into new kernel memory (the CPU reads and "
         "writes every byte, but copies none)",
         "tls_do_encryption", "net/tls/tls_sw.c"},
        {"NIC (since 4.18): copy the pages behind a header, so that a record that is sent again "
         "is the same (copy 2, by the CPU)",
         "tls_push_data", "net/tls/tls_device.c"},
        {"NIC, TLS_TX_ZEROCOPY_RO (since 5.19): put the pages themselves behind the header",
         "tls_push_data", "commit c1318b39c7d3"},
        {"append the record to skbs as fragments, and send what the window allows",
         "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"turn the skb into descriptors and ring the doorbell", "ndo_start_xmit",
         "include/linux/netdevice.h"},
        {"return to the server: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the record, and the NIC encrypts it if the kernel has not (the "
         "last copy, by DMA)",
         "-", "Documentation/networking/tls-offload.rst"},
        {"the acknowledgement drops the references to pages and kernel memory",
         "tcp_clean_rtx_queue", "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kTls,
    Reads::kAnyFile,
    ktls_refusal,
    Job::kServe,
    true};

}  // namespace copypath
