// pread(): a program reads for itself, a system call and a copy for every chunk, wherever in the
// file it lies. What databases do that trust their own cache more than the kernel's.
#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/local_reader.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  const std::uint64_t buffer = c.user_buffer();
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall pread(c.kernel, c.task, Call::kPread);
      n = vfs_read(c.task, c.kernel, c.file, buffer, c.chunk);  // copy to the caller
    }
    if (n == Bytes(0)) break;  // EIO
    add_up(c, Movement::kSumUser, {{buffer, static_cast<std::uint32_t>(n.count())}});
  }
}

}  // namespace

const Path kPreadPath{
    "pread",
    "a program reads for itself with pread(): a DMA transfer and a copy by the CPU, nothing is "
    "sent",
    {
        {"the program asks for a stretch of the file: one mode switch in", "ksys_pread64",
         "fs/read_write.c"},
        {"find the pages in the page cache", "filemap_get_pages", "mm/filemap.c"},
        {"start readahead for the pages that are missing; of a random read, only they",
         "page_cache_sync_ra", "mm/readahead.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"copy the pages into the caller's buffer (copy 2, by the CPU)", "copy_folio_to_iter",
         "lib/iov_iter.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the program adds up what is in its buffer", "-", "pread(2)"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile,
    nullptr,
    Job::kRead};

}  // namespace copypath
