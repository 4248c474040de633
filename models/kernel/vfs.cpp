#include "models/kernel/vfs.h"

#include <algorithm>

namespace copypath {

namespace {

/// dax_iomap_iter(): a core copies from persistent memory.
Bytes dax_read(Task& task, Kernel& kernel, OpenFile& file, Movement movement,
               const SegmentList& to) {
  const Bytes wanted = std::min(size_of(to), file.left());
  if (wanted == Bytes(0)) return wanted;
  Content content;
  kernel.media.read(file.number, file.position.count(), wanted, content);
  const SegmentList used = first(to, wanted);
  task.pass({movement, nullptr, &used, task.costs().copy_rate, nullptr, &content});
  file.position += wanted;
  return wanted;
}

/// copy_splice_read(): reads into fresh pages, which then travel like those of the page cache.
FragmentList copy_splice_read(Task& task, Kernel& kernel, OpenFile& file, Bytes wanted) {
  FragmentList pipe;
  SegmentList pages;
  wanted = std::min(wanted, file.left());
  for (Bytes at; at < wanted; at += kPageSize) {
    KernelPages* page = kernel.skbs.allocate_pages(kPageSize);
    const Bytes bytes = std::min(kPageSize, wanted - at);
    pages.push_back({page->address(), static_cast<std::uint32_t>(bytes.count())});
    pipe.push_back({pages.back(), Place::kSocketBuffer, false, page});
  }
  if (file.source == FileSource::kDirect) {
    direct_read(task, kernel.block, file, pages, Movement::kDiskReadPipe);
    if (file.failed) {
      for (const Fragment& page : pipe) kernel.skbs.put(page);
      pipe.clear();
    }
  } else {
    dax_read(task, kernel, file, Movement::kDaxToPipe, pages);
  }
  return pipe;
}

}  // namespace

Bytes vfs_read(Task& task, Kernel& kernel, OpenFile& file, std::uint64_t buffer, Bytes wanted) {
  const SegmentList to{{buffer, static_cast<std::uint32_t>(wanted.count())}};
  switch (file.source) {
    case FileSource::kBuffered:
      return filemap_read(task, kernel.page_cache, file, buffer, wanted);
    case FileSource::kDirect:
      return direct_read(task, kernel.block, file, to, Movement::kDiskReadDirect);
    case FileSource::kDax:
      return dax_read(task, kernel, file, Movement::kDaxToUser, to);
  }
  return Bytes(0);
}

FragmentList vfs_splice_read(Task& task, Kernel& kernel, OpenFile& file, Bytes wanted, Bytes room) {
  task.spend(task.costs().pipe_fill);
  if (file.source != FileSource::kBuffered) {
    return copy_splice_read(task, kernel, file, std::min(wanted, room));
  }
  return filemap_splice_read(task, kernel.page_cache, file, wanted, room);
}

}  // namespace copypath
