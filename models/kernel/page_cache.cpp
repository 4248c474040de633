#include "models/kernel/page_cache.h"

#include <algorithm>
#include <cmath>

namespace copypath {

namespace {
/// Entries by which tables that are indexed by frame grow.
constexpr std::size_t kGrowth = 4096;
/// Pages in use that reclaim passes over before it gives up for now (SWAP_CLUSTER_MAX).
constexpr unsigned kReclaimScan = 32;
}  // namespace

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
  open.size = media_.file_size();
  open.readahead = Readahead(config_.readahead / kPageSize);
  return open;
}

void PageCache::get_pages(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages) {
  const std::uint64_t first = file.position / kPageSize;
  const Bytes end = std::min(file.position + wanted, file.size);
  const std::uint64_t last = units_covering(end, kPageSize);
  std::uint64_t address_in_page = (file.position % kPageSize).count();
  Bytes position = file.position;
  for (std::uint64_t index = first; index < last; ++index) {
    Frame frame = find(file.number, index);
    if (frame == kNoFrame && index > first) break;
    while (frame == kNoFrame) {  // again, if it came and went while the task was preempted
      read_missing(task, file, file.readahead.on_miss(index, last - index));
      frame = find(file.number, index);
    }
    ++pages_[frame].references;  // so that it stays, whatever happens meanwhile
    if (pages_[frame].mark) {
      pages_[frame].mark = false;
      meet_mark(task, file, index, last - index);
    }
    if (pages_[frame].read != nullptr) {
      if (index > first) {
        --pages_[frame].references;
        break;
      }
      wait_for(task, frame);
    }
    touch(frame);
    ++accesses_;
    task.spend(task.cpu().config().page_lookup);
    const Bytes bytes = std::min(end - position, kPageSize - Bytes(address_in_page));
    pages.push_back(
        {address_of(frame) + address_in_page, static_cast<std::uint32_t>(bytes.count())});
    position += bytes;
    address_in_page = 0;
    file.readahead.remember(index);
  }
}

void PageCache::put_pages(const Segment& segment) {
  const Frame last = frame_of(segment.address + segment.bytes - 1);
  for (Frame frame = frame_of(segment.address); frame <= last; ++frame) {
    Page& page = pages_[frame];
    if (--page.references == 0 && !page.cached) memory_.free(frame);
  }
}

// do_page_cache_ra(): reads the pages of the window that are missing, each adjacent stretch with
// one request, and marks the page that will start the next window.
void PageCache::read_missing(Task& task, const OpenFile& file, const ReadaheadWindow& window) {
  task.settle();
  const std::uint64_t end = std::min(window.start + window.size, pages_of(file));
  const std::uint64_t mark = window.start + window.size - window.async_size;
  Read* read = nullptr;
  std::uint64_t first = window.start;
  for (std::uint64_t index = window.start; index < end; ++index) {
    if (find(file.number, index) != kNoFrame) {
      if (read != nullptr) submit(file, first, *read);
      read = nullptr;
      continue;
    }
    if (read == nullptr) {
      if (free_reads_.empty()) {
        reads_.push_back(std::make_unique<Read>(*this));
        free_reads_.push_back(reads_.back().get());
      }
      read = free_reads_.back();
      free_reads_.pop_back();
      first = index;
    }
    const Frame frame = add(file.number, index);
    pages_[frame].read = read;
    pages_[frame].mark = window.async_size > 0 && index == mark;
    read->frames.push_back(frame);
    ++misses_;
    ++reading_;
  }
  if (read != nullptr) submit(file, first, *read);
}

void PageCache::submit(const OpenFile& file, std::uint64_t first, Read& read) {
  SegmentList segments;
  segments.reserve(read.frames.size());
  Bytes offset = kPageSize * first;
  const Bytes start = offset;
  for (const Frame frame : read.frames) {
    const Bytes bytes = std::min(kPageSize, file.size - offset);
    segments.push_back({address_of(frame), static_cast<std::uint32_t>(bytes.count())});
    offset += bytes;
  }
  block_.read(file.number, start.count(), std::move(segments), read);
}

void PageCache::meet_mark(Task& task, OpenFile& file, std::uint64_t index, std::uint64_t request) {
  std::uint64_t next_missing = index + 1;
  const std::uint64_t limit = std::min(index + config_.readahead / kPageSize + 1, pages_of(file));
  while (next_missing < limit && find(file.number, next_missing) != kNoFrame) ++next_missing;
  const auto window = file.readahead.on_mark(index, request, next_missing);
  if (window) read_missing(task, file, *window);
}

void PageCache::wait_for(Task& task, Frame frame) {
  task.settle();
  Read* read = pages_[frame].read;
  if (read == nullptr) return;  // the disk was faster
  task.wait_until(read->waiters, [&] { return pages_[frame].read == nullptr; });
}

void PageCache::finish(Read& read) {
  for (const Frame frame : read.frames) pages_[frame].read = nullptr;
  reading_ -= static_cast<unsigned>(read.frames.size());
  read.frames.clear();
  read.waiters.wake_all();
  free_reads_.push_back(&read);
}

PageCache::Node* PageCache::find_node(std::uint64_t key) {
  if (last_node_ != nullptr && last_node_->key == key) return last_node_;
  const auto node = nodes_.find(key);
  if (node == nodes_.end()) return nullptr;
  return last_node_ = &node->second;
}

PageCache::Node& PageCache::make_node(std::uint64_t key) {
  if (Node* node = find_node(key); node != nullptr) return *node;
  last_node_ = &nodes_.emplace(key, key).first->second;
  return *last_node_;
}

Frame PageCache::find(std::uint32_t file, std::uint64_t index) {
  const Node* node = find_node(key_of(file, index));
  return node == nullptr ? kNoFrame : node->frames[index % kNodePages];
}

Frame PageCache::add(std::uint32_t file, std::uint64_t index) {
  make_room();
  const Frame frame = memory_.allocate();
  if (pages_.size() <= frame) pages_.resize(frame + kGrowth);
  Node& node = make_node(key_of(file, index));
  node.frames[index % kNodePages] = frame;
  ++node.used;
  Page& page = pages_[frame];
  page = Page{};
  page.index = static_cast<std::uint32_t>(index);
  page.node = &node;
  page.cached = true;
  link_newest(frame);
  ++resident_;
  return frame;
}

void PageCache::remove(Frame frame) {
  Page& page = pages_[frame];
  Node& node = *page.node;
  node.frames[page.index % kNodePages] = kNoFrame;
  if (--node.used == 0) {
    if (last_node_ == &node) last_node_ = nullptr;
    nodes_.erase(node.key);
  }
  unlink(frame);
  page.cached = false;
  --resident_;
  memory_.free(frame);
}

void PageCache::make_room() {
  // A page that cannot go now gets another round, as in shrink_page_list(). When too many cannot,
  // the cache exceeds its size for a while instead of looking at all of them for every page.
  for (unsigned kept = 0; resident_ >= capacity_ && kept < kReclaimScan;) {
    const Frame frame = oldest_;
    const Page& page = pages_[frame];
    if (page.read != nullptr || page.references > 0) {
      touch(frame);
      ++kept;
      continue;
    }
    remove(frame);
    ++evictions_;
  }
}

void PageCache::touch(Frame frame) {
  if (frame == newest_) return;
  unlink(frame);
  link_newest(frame);
}

void PageCache::link_newest(Frame frame) {
  Page& page = pages_[frame];
  page.newer = kNoFrame;
  page.older = newest_;
  if (newest_ != kNoFrame) pages_[newest_].newer = frame;
  newest_ = frame;
  if (oldest_ == kNoFrame) oldest_ = frame;
}

void PageCache::unlink(Frame frame) {
  Page& page = pages_[frame];
  if (page.newer != kNoFrame) pages_[page.newer].older = page.older;
  if (page.older != kNoFrame) pages_[page.older].newer = page.newer;
  if (newest_ == frame) newest_ = page.older;
  if (oldest_ == frame) oldest_ = page.newer;
}

void PageCache::warm_up(double share, MemoryBus& bus) {
  const std::uint64_t pages = units_covering(media_.file_size(), kPageSize);
  const auto warm = static_cast<std::uint64_t>(std::llround(share * static_cast<double>(pages)));
  Content content;
  for (std::uint32_t file = 0; file < media_.files(); ++file) {
    for (std::uint64_t index = 0; index < warm; ++index) {
      const Bytes offset = kPageSize * index;
      const Bytes bytes = std::min(kPageSize, media_.file_size() - offset);
      content.clear();
      media_.read(file, offset.count(), bytes, content);
      bus.preset({{address_of(add(file, index)), static_cast<std::uint32_t>(bytes.count())}},
                 content);
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
