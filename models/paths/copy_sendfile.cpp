// sendfile() to a file: the kernel hands references to the page cache from one file to the other,
// which copies them into pages of its own: one copy where read() and write() make two. Between
// files there is no sending without a copy, since every page belongs to one file.
#include <algorithm>

#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/local_reader.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    const SystemCall sendfile(c.kernel, c.task, Call::kSendfile);
    for (Bytes left = std::min(c.chunk, c.file.left()); left > Bytes(0);) {
      const FragmentList pipe = vfs_splice_read(c.task, c.kernel, c.file, left, kPipeSize);
      if (pipe.empty()) return;  // EIO
      SegmentList pages;
      for (const Fragment& page : pipe) pages.push_back(page.segment);
      write_target(c, Movement::kFileWritePage, pages);  // copy from page to page
      for (const Fragment& page : pipe) c.kernel.skbs.put(page);
      left -= size_of(pages);
    }
  }
}

}  // namespace

const Path kCopySendfilePath{
    "copy_sendfile",
    "a program copies a file to a file with sendfile(): two DMA transfers, one copy by the CPU, "
    "nothing is sent",
    {
        {"the program names both files: one mode switch in", "do_sendfile", "fs/read_write.c"},
        {"find the pages in the page cache, and read ahead those that are missing",
         "filemap_get_pages", "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"put references to at most 16 pages into the internal pipe", "splice_direct_to_actor",
         "fs/splice.c"},
        {"hand them to the other file", "iter_file_splice_write", "fs/splice.c"},
        {"copy them into its own pages, which are dirty then (copy 2, by the CPU)",
         "generic_perform_write", "mm/filemap.c"},
        {"with too many dirty pages, wait for the disk", "balance_dirty_pages",
         "mm/page-writeback.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the flusher has the drive's DMA fetch the dirty pages, later (copy 3, by DMA)",
         "wb_writeback", "fs/fs-writeback.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile,
    nullptr,
    Job::kCopyFiles};

}  // namespace copypath
