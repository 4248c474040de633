#include "models/kernel/page_cache.h"

#include <algorithm>
#include <cmath>

namespace copypath {

namespace {
constexpr auto kPage = static_cast<std::uint32_t>(kPageSize.count());
}  // namespace

/// Pages that a reader has taken, one after the other, entered together: those that follow each
/// other in the order of use anyway become the newest as one piece.
class PageCache::Taken {
public:
  Taken(PageCache& cache, Task& task) : cache_(cache), task_(task) {}

  /// So many pages, of folios that follow each other in the order of use, and how many of these
  /// had to be looked up.
  void add(Frame first_folio, Frame last_folio, std::uint64_t pages, unsigned lookups) {
    pages_ += pages;
    lookups_ += lookups;
    if (first_folio != next_ && first_folio != newest_) {
      move();
      oldest_ = first_folio;
    }
    newest_ = last_folio;
    next_ = cache_.pages_[last_folio].newer;
  }

  /// Enters what has been added so far, and spends the time of the lookups.
  void settle() {
    move();
    cache_.accesses_ += pages_;
    task_.spend(task_.costs().page_lookup * static_cast<double>(lookups_));
    pages_ = lookups_ = 0;
  }

private:
  void move() {
    if (newest_ != kNoFrame) cache_.touch(oldest_, newest_);
    newest_ = next_ = kNoFrame;
  }

  PageCache& cache_;
  Task& task_;
  std::uint64_t pages_ = 0;
  unsigned lookups_ = 0;  // of folios
  Frame oldest_ = kNoFrame;
  Frame newest_ = kNoFrame;
  Frame next_ = kNoFrame;  // that would follow it
};

PageCache::PageCache(const sc_core::sc_module_name& name, const PageCacheConfig& config,
                     PhysicalMemory& memory, BlockLayer& block, Media& media)
    : sc_module(name),
      config_(config),
      capacity_(config.size / kPageSize),
      memory_(memory),
      block_(block),
      media_(media) {}

OpenFile PageCache::open(std::uint32_t file) const {
  OpenFile open;
  open.number = file;
  open.size = media_.file_size(file);
  open.end = open.size;
  open.readahead = Readahead(config_.readahead / kPageSize);
  return open;
}

void PageCache::get_pages(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages) {
  SegmentList runs;
  get_runs(task, file, wanted, runs);
  for (const Segment& run : runs) {
    for_each_page(run, [&](const Segment& page) { pages.push_back(page); });
  }
}

/// Takes pages from `index` on, before `last`, that are in memory and that nobody has to wait for:
/// as many as follow each other in one node. Returns the index after them.
std::uint64_t PageCache::take_quiet(OpenFile& file, std::uint64_t index, std::uint64_t last,
                                    Taken& taken, SegmentList& runs) {
  const Node* const node = find_node(key_of(file.number, index));
  if (node == nullptr) return index;
  const std::uint64_t first = file.position / kPageSize;
  const auto skip = static_cast<std::uint32_t>((file.position % kPageSize).count());
  const std::uint64_t begin = index;
  const std::uint64_t end = std::min(last, (index / kNodePages + 1) * kNodePages);
  const Frame* at = &node->frames[index % kNodePages];
  const Frame* const stop = at + (end - index);
  while (at != stop && *at != kNoFrame) {
    // Adjacent pages, of one folio or of several that follow each other in the order of use, too.
    const Frame from = *at;
    Frame frame = from;
    Page* page = &pages_[frame];
    if (!page->is_quiet()) break;
    const Frame oldest = page->head;
    Frame folio = oldest;
    const bool inside = index > first && folio != frame;  // it has been looked up already
    unsigned lookups = inside ? 0 : 1;
    do {
      ++page;
      ++frame;
      if (++at == stop || *at != frame || !page->is_quiet()) break;
      if (page->head == folio) continue;
      if (page->head != frame || page->older != folio) break;
      folio = frame;
      ++lookups;
    } while (true);
    taken.add(oldest, folio, frame - from, lookups);
    const Segment run{address_of(from), (frame - from) * kPage};
    hold_pages(run);
    append(runs, index > first ? run : Segment{run.address + skip, run.bytes - skip});
    index += frame - from;
  }
  if (index == begin) return index;
  file.pages_taken += index - begin;
  file.readahead.remember(index - 1);
  return index;
}

void PageCache::get_runs(Task& task, OpenFile& file, Bytes wanted, SegmentList& runs) {
  const std::uint64_t first = file.position / kPageSize;
  const Bytes end = std::min(file.position + wanted, file.size);
  const std::uint64_t last = units_covering(end, kPageSize);
  Taken taken(*this, task);
  std::uint64_t index = first;
  while (index < last) {
    const std::uint64_t begin = index;
    index = take_quiet(file, index, last, taken, runs);
    if (index > begin) continue;

    Frame frame = find(file.number, index);
    if (frame == kNoFrame && index > first) break;
    taken.settle();              // before anybody can look
    while (frame == kNoFrame) {  // again, if it came and went while the task was preempted
      read_missing(task, file, file.readahead.on_miss(index, last - index));
      frame = find(file.number, index);
    }
    ++references_[frame];  // so that it stays, whatever happens meanwhile
    if (pages_[frame].mark) {
      pages_[frame].mark = false;
      meet_mark(task, file, index, last - index);
    }
    if (pages_[frame].locked()) {
      if (index > first) {
        --references_[frame];
        break;
      }
      wait_for(task, frame);
    }
    if (pages_[frame].failed && (index > first || !read_again(task, file, frame))) {
      --references_[frame];
      break;
    }
    // It is quiet now, and taken in the next round.
    --references_[frame];
  }
  if (index == last && last > first) {
    runs.back().bytes -= static_cast<std::uint32_t>((kPageSize * last - end).count());
  }
  taken.settle();
}

void PageCache::spend_on_folios(Task& task, const SegmentList& pages) const {
  const sc_time cost = task.costs().copy_folio;
  if (cost == sc_core::SC_ZERO_TIME) return;
  Frame folio = kNoFrame;
  unsigned folios = 0;
  for (const Segment& segment : pages) {
    const Frame last = frame_of(segment.address + segment.bytes - 1);
    for (Frame frame = frame_of(segment.address); frame <= last; ++frame) {
      const Frame head = pages_[frame].head;
      if (head != folio) ++folios;
      folio = head;
    }
  }
  task.spend(cost * folios);
}

void PageCache::overwrite(Task& task, std::uint32_t file) {
  const Bytes size = media_.file_size(file);
  for (Bytes offset; offset < size; offset += kPageSize) {
    const Frame frame = find(file, offset / kPageSize);
    if (frame == kNoFrame) continue;
    const Bytes bytes = std::min(kPageSize, size - offset);
    const SegmentList page{{address_of(frame), static_cast<std::uint32_t>(bytes.count())}};
    Content content;
    media_.read(file, offset.count(), bytes, content, kNextVersion);
    task.pass({Movement::kFileWrite, nullptr, &page, task.costs().copy_rate, nullptr, &content});
  }
}

// do_page_cache_ra(): reads the pages of the window that are missing, each adjacent stretch with
// one request, and marks the page that will start the next window.
void PageCache::read_missing(Task& task, OpenFile& file, const ReadaheadWindow& window) {
  task.settle();
  passed_over_ = 0;
  const std::uint64_t end = std::min(window.start + window.size, pages_of(file));
  const std::uint64_t mark = window.start + window.size - window.async_size;
  Read* read = nullptr;
  std::uint64_t first = window.start;
  for (std::uint64_t index = window.start; index < end;) {
    if (find(file.number, index) != kNoFrame) {
      if (read != nullptr) submit(file, first, *read);
      read = nullptr;
      ++index;
      continue;
    }
    if (read == nullptr) {
      read = new_read();
      first = index;
    }
    const std::uint64_t next = add_missing(file.number, index, end, *read);
    if (window.async_size > 0 && index <= mark && mark < next) {
      pages_[find(file.number, mark)].mark = true;
    }
    misses_ += next - index;
    file.pages_missed += next - index;
    reading_ += static_cast<unsigned>(next - index);
    index = next;
  }
  if (read != nullptr) submit(file, first, *read);
}

PageCache::Read* PageCache::new_read() {
  if (free_reads_.empty()) {
    reads_.push_back(std::make_unique<Read>(*this, static_cast<std::uint32_t>(reads_.size())));
    free_reads_.push_back(reads_.back().get());
  }
  Read* read = free_reads_.back();
  free_reads_.pop_back();
  read->failed = false;
  return read;
}

/// The pages of the folio that a read before `end` makes of the missing page `index`: as many as
/// are aligned, missing and wanted, up to page_cache.folio.
std::uint64_t PageCache::folio_at(std::uint32_t file, std::uint64_t index, std::uint64_t end) {
  std::uint64_t pages = config_.folio / kPageSize;
  while (pages > 1 && (index % pages != 0 || index + pages > end)) pages /= 2;
  for (std::uint64_t i = 1; i < pages; ++i) {
    if (find(file, index + i) != kNoFrame) return 1;
  }
  return pages;
}

void PageCache::submit(const OpenFile& file, std::uint64_t first, Read& read) {
  ++submitted_;
  SegmentList segments;
  const std::uint64_t offset = kPageSize.count() * first;
  std::uint64_t left = file.size.count() - offset;
  for (const Read::Run& run : read.runs) {
    const auto bytes = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::uint64_t{run.frames} * kPage, left));
    left -= bytes;
    segments.push_back({address_of(run.first), bytes});
  }
  block_.read(file.number, offset, std::move(segments), read);
}

void PageCache::meet_mark(Task& task, OpenFile& file, std::uint64_t index, std::uint64_t request) {
  const std::uint64_t limit = std::min(index + config_.readahead / kPageSize + 1, pages_of(file));
  const std::uint64_t next_missing = first_missing(file.number, index + 1, limit);
  const auto window = file.readahead.on_mark(index, request, next_missing);
  if (window) read_missing(task, file, *window);
}

/// The first page from `index` on that is not in memory, or `limit`.
std::uint64_t PageCache::first_missing(std::uint32_t file, std::uint64_t index,
                                       std::uint64_t limit) {
  while (index < limit) {
    const Node* const node = find_node(key_of(file, index));
    if (node == nullptr) return index;
    const std::uint64_t end = std::min(limit, (index / kNodePages + 1) * kNodePages);
    for (; index < end; ++index) {
      if (node->frames[index % kNodePages] == kNoFrame) return index;
    }
  }
  return index;
}

void PageCache::wait_for(Task& task, Frame frame) {
  task.settle();
  while (pages_[frame].locked()) {  // unless the disk was faster; or somebody reads it again
    Read& read = *reads_[pages_[frame].read];
    task.wait_until(read.waiters, [&] { return pages_[frame].read != read.number; });
  }
}

// filemap_update_page(): what a readahead has failed to bring is read once more, for itself. False:
// that has failed, too.
bool PageCache::read_again(Task& task, const OpenFile& file, Frame frame) {
  const Frame head = pages_[frame].head;
  const std::uint64_t first = pages_[head].index;
  Read* read = new_read();
  for (unsigned i = 0; i < pages_[head].pages; ++i) {
    pages_[head + i].failed = false;
    pages_[head + i].read = read->number;
  }
  read->add(head, pages_[head].pages);
  reading_ += pages_[head].pages;
  submit(file, first, *read);
  wait_for(task, frame);
  return !pages_[frame].failed;
}

void PageCache::finish(Read& read) {
  for (const Read::Run& run : read.runs) {
    for (Page *page = &pages_[run.first], *const end = page + run.frames; page != end; ++page) {
      page->read = kNoRead;
      page->failed = read.failed;
    }
    reading_ -= run.frames;
  }
  read.runs.clear();
  read.waiters.wake_all();
  free_reads_.push_back(&read);
}

void PageCache::warm_up(double share, MemoryBus& bus) {
  Content content;
  for (std::uint32_t file = 0; file < media_.files(); ++file) {
    const Bytes size = media_.present(file);
    const std::uint64_t pages = units_covering(size, kPageSize);
    const auto warm = static_cast<std::uint64_t>(std::llround(share * static_cast<double>(pages)));
    for (std::uint64_t index = 0; index < warm;) {
      const std::uint64_t count = folio_at(file, index, warm);
      const Frame head = add(file, index, count);
      const Bytes offset = kPageSize * index;
      const Bytes bytes = std::min(kPageSize * count, size - offset);
      content.clear();
      media_.read(file, offset.count(), bytes, content);
      bus.preset({{address_of(head), static_cast<std::uint32_t>(bytes.count())}}, content);
      index += count;
    }
  }
}

void PageCache::trace(sc_core::sc_trace_file* file) const {
  sc_core::sc_trace(file, resident_, "page_cache.resident_pages", 32);
  sc_core::sc_trace(file, reading_, "page_cache.pages_being_read", 16);
  sc_core::sc_trace(file, accesses_, "page_cache.pages_taken", 32);
  sc_core::sc_trace(file, misses_, "page_cache.pages_missed", 32);
}

}  // namespace copypath
