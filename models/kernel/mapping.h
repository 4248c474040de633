// A file mapped into the server's memory (mmap): pages come into reach by page faults. A fault maps
// what is in memory around the page (fault-around), a missing page is read with a window around
// it, and the page that carries the readahead mark is left out, so that touching it is noticed.
// Follows do_read_fault() of mm/memory.c and filemap_fault() of mm/filemap.c (Linux 6.x).
// The kernel takes these faults while it copies from the mapping, so they are no mode switches.
// Left out: madvise().
#pragma once

#include <vector>

#include "models/kernel/page_cache.h"
#include "models/kernel/version.h"

namespace copypath {

struct Faults {
  std::uint64_t minor = 0;       ///< the page was in the page cache
  std::uint64_t major = 0;       ///< the page had to be read
  std::uint64_t beyond_end = 0;  ///< the file is no more where the page was (VM_FAULT_SIGBUS)
};

/// Drops the references that Mapping::touch() has taken, when they are needed no more.
class TouchedPages {
public:
  TouchedPages(PageCache& page_cache, const SegmentList& pages)
      : page_cache_(page_cache), pages_(pages) {}
  ~TouchedPages() {
    for (const Segment& page : pages_) page_cache_.put_pages(page);
  }
  TouchedPages(const TouchedPages&) = delete;
  TouchedPages& operator=(const TouchedPages&) = delete;

private:
  PageCache& page_cache_;
  const SegmentList& pages_;
};

class Mapping {
public:
  Mapping(PageCache& page_cache, const OpenFile& file, Faults& faults, KernelVersion kernel);

  /// If somebody has truncated the file, its end is as far as it goes, and no pages at all mean a
  /// touch beyond: SIGBUS for a program, EFAULT for a system call. The same if the drive cannot
  /// read the first page; then the file has failed. Touches [position, position + wanted) of the
  /// file, taking the faults that are due, and appends its pages to `pages`, with a reference on
  /// each (PageCache::put_pages() drops it).
  void touch(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages);

  /// The same for pages that are to be pinned (get_user_pages_fast()): once one was not mapped, the
  /// others are found one by one, with the lock.
  void find_to_pin(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages);

  /// MAP_POPULATE: reads and maps `wanted` bytes from the file's position at once; no fault is
  /// counted, as nobody is interrupted. Blocks until everything is there.
  void populate(Task& task, OpenFile& file, Bytes wanted);

  /// munmap(): gives back what is mapped.
  void unmap(Task& task);

private:
  /// Pages in the page table, and the folios that they are of.
  struct Extent {
    std::uint64_t pages = 0;
    std::uint64_t folios = 0;
  };
  /// How many of the pages were found after a fault.
  std::uint64_t find(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages);
  /// False: the page cannot be read (VM_FAULT_SIGBUS).
  bool fault(Task& task, OpenFile& file, std::uint64_t index, Faults& faults);
  void map_around(Task& task, const OpenFile& file, std::uint64_t index);

  PageCache& page_cache_;
  Faults& faults_;
  bool maps_folios_;          ///< a fault maps the folio of its page to both ends
  bool retries_;              ///< a fault that has waited is taken anew, and maps around
  std::vector<bool> mapped_;  // by page of the file
  Extent extent_;
};

}  // namespace copypath
