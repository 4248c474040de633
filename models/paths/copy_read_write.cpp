// read() and write(): a program copies a file to a file through a buffer of its own, two copies and
// two calls for every filling of it. What fread() and fwrite() come down to with a buffer of 4 KiB
// or more.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/local_reader.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  const Bytes size = c.config.workload.stream_buffer;
  const std::uint64_t buffer = c.user_buffer(0, size);
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall read(c.kernel, c.task, Call::kRead);
      n = vfs_read(c.task, c.kernel, c.file, buffer, size);  // copy to the caller
    }
    if (n == Bytes(0)) break;  // EIO
    const SystemCall write(c.kernel, c.task, Call::kWrite);
    write_target(c, Movement::kFileWrite, {{buffer, static_cast<std::uint32_t>(n.count())}});
  }
}

}  // namespace

const Path kCopyReadWritePath{
    "copy_read_write",
    "a program copies a file to a file with read() and write(): two DMA transfers, two copies by "
    "the CPU, nothing is sent",
    {
        {"the program asks for as much as its buffer holds: one mode switch in", "ksys_read",
         "fs/read_write.c"},
        {"find the pages in the page cache, and read ahead those that are missing",
         "filemap_get_pages", "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"copy the pages into the caller's buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the program writes its buffer: one mode switch in", "ksys_write", "fs/read_write.c"},
        {"copy it into pages of the other file, which are dirty then (copy 3, by the CPU)",
         "generic_perform_write", "mm/filemap.c"},
        {"with too many dirty pages, wait for the disk", "balance_dirty_pages",
         "mm/page-writeback.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the flusher has the drive's DMA fetch the dirty pages, later (copy 4, by DMA)",
         "wb_writeback", "fs/fs-writeback.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile,
    nullptr,
    Job::kCopyFiles};

}  // namespace copypath
