#include "models/kernel/file_read.h"

#include <algorithm>

namespace copypath {

Bytes filemap_read(Task& task, PageCache& page_cache, OpenFile& file, std::uint64_t buffer,
                   Bytes wanted) {
  wanted = std::min(wanted, file.left());
  Bytes done;
  SegmentList pages;
  while (done < wanted) {
    pages.clear();
    page_cache.get_pages(task, file, wanted - done, pages);
    const Bytes bytes = size_of(pages);
    const SegmentList to{
        {buffer + done.count(), static_cast<std::uint32_t>(bytes.count())}};
    task.copy(Movement::kCopyToUser, pages, to, task.cpu().config().copy_rate);
    for (const Segment& page : pages) page_cache.put_pages(page);
    file.position += bytes;
    done += bytes;
  }
  return done;
}

SegmentList filemap_splice_read(Task& task, PageCache& page_cache, OpenFile& file, Bytes wanted) {
  // A page that is entered in the middle still takes a whole pipe buffer.
  const Bytes room = kPipeSize - file.position % kPageSize;
  wanted = std::min({wanted, room, file.left()});
  SegmentList pages;
  Bytes done;
  while (done < wanted) {
    SegmentList more;
    page_cache.get_pages(task, file, wanted - done, more);
    const Bytes bytes = size_of(more);
    pages.insert(pages.end(), more.begin(), more.end());
    file.position += bytes;
    done += bytes;
  }
  return pages;
}

}  // namespace copypath
