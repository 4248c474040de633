// mmap(): a program reads for itself where the kernel keeps the file. No system call and no copy,
// but a fault for every page that is not mapped yet, which is the first touch of its neighbourhood
// or of what was reclaimed since. The mapping is made once and kept.
#include <algorithm>

#include "models/kernel/mapping.h"
#include "models/paths/all_paths.h"
#include "models/workload/local_reader.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;  // mmap() of nothing is an error
  if (!c.mapping) c.mapping = std::make_unique<Mapping>(map_file(c, c.file.size));
  while (c.file.promised() > Bytes(0)) {
    SegmentList pages;
    c.mapping->touch(c.task, c.file, std::min(c.chunk, c.file.promised()), pages);  // page faults
    if (pages.empty()) break;                                                       // SIGBUS
    add_up(c, Movement::kSumMapped, pages);
    for (const Segment& page : pages) c.kernel.page_cache.put_pages(page);
    c.file.position += size_of(pages);
  }
}

}  // namespace

const Path kMmapReadPath{
    "mmap_read",
    "a program reads for itself through a mapping: a DMA transfer and page faults, nothing is "
    "copied or sent",
    {
        {"map the file into the program's memory; nothing is read yet", "do_mmap", "mm/mmap.c"},
        {"the program touches a page that is not mapped: a page fault", "do_read_fault",
         "mm/memory.c"},
        {"map what is in memory around it (64 KiB)", "filemap_map_pages", "mm/filemap.c"},
        {"or read a window around it", "do_sync_mmap_readahead", "mm/filemap.c"},
        {"the drive's DMA fills the pages (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"the program adds up what it has mapped, without another call", "-", "mmap(2)"},
    },
    serve,
    Transformation::kNone,
    Reads::kFile,
    nullptr,
    Job::kRead};

}  // namespace copypath
