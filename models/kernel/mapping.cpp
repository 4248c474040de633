#include "models/kernel/mapping.h"

#include <algorithm>

namespace copypath {

Mapping::Mapping(PageCache& page_cache, const OpenFile& file, Faults& faults, KernelVersion kernel)
    : page_cache_(page_cache),
      faults_(faults),
      maps_folios_(kernel >= since::kFaultMapsFolio),
      retries_(kernel >= since::kFaultRetries),
      mapped_(page_cache.pages_of(file)) {}

std::uint64_t Mapping::find(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages) {
  std::uint64_t after_fault = 0;
  bool faulted = false;
  const Bytes end = std::min(file.position + wanted, file.current_size());
  if (end == file.position && wanted > Bytes(0)) ++faults_.beyond_end;
  for (Bytes position = file.position; position < end;) {
    const std::uint64_t index = position / kPageSize;
    Frame frame = page_cache_.find(file.number, index);
    // A page that was reclaimed is unmapped, also if somebody is reading it back in.
    while (frame == PageCache::kNoFrame || !mapped_[index] || page_cache_.pages_[frame].locked() ||
           page_cache_.pages_[frame].failed) {
      if (!fault(task, file, index, faults_)) {
        file.failed = position == file.position;
        return after_fault;
      }
      faulted = true;
      frame = page_cache_.find(file.number, index);
    }
    if (faulted) ++after_fault;
    page_cache_.touch(frame);
    ++page_cache_.accesses_;
    ++page_cache_.references_[frame];
    const Bytes in_page = position % kPageSize;
    const Bytes bytes = std::min(end - position, kPageSize - in_page);
    pages.push_back(
        {address_of(frame) + in_page.count(), static_cast<std::uint32_t>(bytes.count())});
    position += bytes;
  }
  return after_fault;
}

void Mapping::touch(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages) {
  find(task, file, wanted, pages);
  page_cache_.spend_on_folios(task, pages);
}

void Mapping::find_to_pin(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages) {
  const std::uint64_t found = find(task, file, wanted, pages);
  task.spend(task.costs().walk_page * static_cast<double>(found));
}

// populate_vma_page_range()
void Mapping::populate(Task& task, OpenFile& file, Bytes wanted) {
  Faults taken_in_advance;
  const std::uint64_t last = units_covering(std::min(file.position + wanted, file.size), kPageSize);
  for (std::uint64_t index = file.position / kPageSize; index < last; ++index) {
    while (!mapped_[index] && fault(task, file, index, taken_in_advance)) {
    }
  }
}

bool Mapping::fault(Task& task, OpenFile& file, std::uint64_t index, Faults& faults) {
  task.spend(task.costs().minor_fault);
  mapped_[index] = false;
  map_around(task, file, index);
  if (mapped_[index]) {
    ++faults.minor;
    return true;
  }
  Frame frame = page_cache_.find(file.number, index);
  if (frame == PageCache::kNoFrame) {
    ++faults.major;
    page_cache_.read_missing(task, file, file.readahead.around(index));
    frame = page_cache_.find(file.number, index);
    if (frame == PageCache::kNoFrame) return true;  // came and went while the task was preempted
  } else {
    ++faults.minor;
  }
  ++page_cache_.references_[frame];  // so that it stays, whatever happens meanwhile
  if (page_cache_.pages_[frame].mark) {
    page_cache_.pages_[frame].mark = false;
    page_cache_.meet_mark(task, file, index, file.readahead.max_pages());
  }
  page_cache_.wait_for(task, frame);
  const bool readable =
      !page_cache_.pages_[frame].failed || page_cache_.read_again(task, file, frame);
  --page_cache_.references_[frame];
  // The wait was without the lock, so that the fault is taken anew and finds everything in memory.
  if (readable && retries_) map_around(task, file, index);
  mapped_[index] = readable;
  return readable;
}

// filemap_map_pages(): maps what is up to date in the aligned window around the page.
void Mapping::map_around(Task& task, const OpenFile& file, std::uint64_t index) {
  const std::uint64_t window =
      std::max<std::uint64_t>(1, page_cache_.config_.fault_around / kPageSize);
  std::uint64_t first = index / window * window;
  std::uint64_t last = first + window;
  const Frame touched = page_cache_.find(file.number, index);
  if (maps_folios_ && touched != PageCache::kNoFrame) {
    const Frame head = page_cache_.pages_[touched].head;
    first = std::min<std::uint64_t>(first, page_cache_.pages_[head].index);
    last = std::max<std::uint64_t>(
        last, page_cache_.pages_[head].index + std::uint64_t{page_cache_.pages_[head].pages});
  }
  last = std::min<std::uint64_t>(last, mapped_.size());
  Extent mapped;
  Frame folio = PageCache::kNoFrame;
  for (std::uint64_t i = first; i < last; ++i) {
    const Frame frame = page_cache_.find(file.number, i);
    if (frame == PageCache::kNoFrame) continue;
    const PageCache::Page& page = page_cache_.pages_[frame];
    if (page.locked() || page.mark || page.failed || mapped_[i]) continue;
    mapped_[i] = true;
    ++mapped.pages;
    if (page.head != folio) ++mapped.folios;
    folio = page.head;
  }
  extent_.pages += mapped.pages;
  extent_.folios += mapped.folios;
  task.spend(task.costs().map_page * static_cast<double>(mapped.pages) +
             task.costs().map_folio * static_cast<double>(mapped.folios));
}

// zap_pte_range()
void Mapping::unmap(Task& task) {
  task.spend(task.costs().unmap_page * static_cast<double>(extent_.pages) +
             task.costs().unmap_folio * static_cast<double>(extent_.folios));
  extent_ = {};
}

}  // namespace copypath
