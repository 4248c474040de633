#include "models/kernel/write_back.h"

#include <algorithm>

namespace copypath {

using sc_core::sc_time_stamp;

namespace {

std::uint64_t share_of(const PageCacheConfig& config, double share) {
  return static_cast<std::uint64_t>(share * static_cast<double>(config.size / kPageSize));
}

}  // namespace

WriteBack::WriteBack(const sc_core::sc_module_name& name, const PageCacheConfig& config, Cpu& cpu,
                     unsigned task, PageCache& page_cache, BlockLayer& block, Timer& timer)
    : sc_module(name),
      cache_(page_cache),
      block_(block),
      timer_(timer),
      background_(share_of(config, config.dirty_background)),
      limit_(share_of(config, config.dirty)),
      expire_(config.dirty_expire),
      task_(cpu, task) {
  if (background_ >= limit_) background_ = limit_ / 2;  // domain_dirty_limits()
  SC_HAS_PROCESS(WriteBack);
  SC_THREAD(flush);
}

SegmentList WriteBack::write(Task& task, OpenFile& file, const SegmentList& from, Movement copy) {
  task.settle();
  const Bytes total = size_of(from);
  cache_.passed_over_ = 0;
  SegmentList to;
  for (Bytes done; done < total;) {
    const Bytes at = file.position + done;
    const std::uint64_t within = (at % kPageSize).count();
    const Bytes bytes = std::min(total - done, kPageSize - Bytes(within));
    const Frame frame = page_for_writing(task, file, at / kPageSize);
    to.push_back({address_of(frame) + within, static_cast<std::uint32_t>(bytes.count())});
    done += bytes;
  }
  file.size = std::max(file.size, file.position + total);
  task.copy(copy, from, to, task.costs().copy_rate);
  for (const Segment& page : to) {
    mark_dirty(file, frame_of(page.address));
    cache_.put_pages(page);
  }
  file.position += total;
  return to;
}

void WriteBack::balance(Task& task) {
  if (dirty() <= limit_) return;
  ++throttled_;
  task.wait_until(writers_, [&] { return dirty() <= limit_; });
}

/// A page of the file, held: a new one, or one that is up to date (write_begin()).
Frame WriteBack::page_for_writing(Task& task, OpenFile& file, std::uint64_t index) {
  const Frame found = cache_.find(file.number, index);
  const bool begins_page = (file.position % kPageSize).count() == 0;
  if (found == PageCache::kNoFrame && (index > file.position / kPageSize || begins_page)) {
    task.spend(task.costs().page_lookup);
    const Frame frame = cache_.add(file.number, index, 1);
    ++cache_.references_[frame];
    return frame;
  }
  // It holds something already: perhaps on the disk only, or on its way from there.
  OpenFile part = file;
  part.position = kPageSize * index;
  SegmentList page;
  cache_.get_pages(task, part, Bytes(1), page);
  return frame_of(page.front().address);
}

void WriteBack::mark_dirty(const OpenFile& file, Frame frame) {
  PageCache::Page& page = cache_.pages_[frame];
  const auto known = std::find_if(inodes_.begin(), inodes_.end(),
                                  [&](const Inode& inode) { return inode.file == file.number; });
  if (known != inodes_.end()) known->size = file.size;
  if (page.dirty) return;
  page.dirty = true;
  ++dirty_;
  if (known != inodes_.end()) {
    known->pages.push_back(frame);
  } else {
    inodes_.push_back({file.number, file.size, sc_time_stamp(), {frame}});
    arm();
  }
  first_.notify();
  if (dirty_ > background_) work_.wake_all();
}

/// Looks again when the oldest page has become old.
void WriteBack::arm() {
  if (inodes_.empty()) return;
  const sc_time old = inodes_.front().since + expire_;
  if (old <= armed_) return;
  armed_ = old;
  timer_.wake_at(old, work_);
}

/// The flusher.
void WriteBack::flush() {
  sc_core::wait(first_);
  task_.start();
  task_.show("kernel", "flush");
  for (;;) {
    task_.wait_until(work_, [this] { return has_work(); });
    write_some();
  }
}

bool WriteBack::has_work() const {
  if (inodes_.empty() || in_flight_ >= kMostRequests) return false;
  const Inode& inode = inodes_.front();
  if (cache_.pages_[inode.pages.front()].write_back) return false;  // until that is through
  return dirty_ > background_ || sc_time_stamp() >= inode.since + expire_;
}

/// A request for adjacent pages of the file whose turn it is; after a while it is another one's.
void WriteBack::write_some() {
  Inode& inode = inodes_.front();
  const std::uint32_t first = cache_.pages_[inode.pages.front()].index;
  std::size_t pages = 0;
  while (pages < std::min(kRequestPages, inode.pages.size())) {
    const PageCache::Page& page = cache_.pages_[inode.pages[pages]];
    if (page.index != first + pages || page.write_back) break;
    ++pages;
  }
  submit(inode, pages);
  inode.turn += pages;
  if (inode.pages.empty()) {
    inodes_.pop_front();
  } else if (inode.turn >= kTurnPages) {
    inode.turn = 0;
    inodes_.push_back(std::move(inode));
    inodes_.pop_front();
  }
  arm();
  task_.spend(task_.costs().page_lookup * static_cast<double>(pages));
  task_.settle();
}

void WriteBack::submit(Inode& inode, std::size_t pages) {
  if (free_.empty()) {
    requests_.push_back(std::make_unique<Request>(*this));
    free_.push_back(requests_.back().get());
  }
  Request& request = *free_.back();
  free_.pop_back();
  const Bytes begin = kPageSize * cache_.pages_[inode.pages.front()].index;
  Bytes at = begin;
  SegmentList segments;
  for (std::size_t i = 0; i < pages; ++i, at += kPageSize) {
    const Frame frame = inode.pages.front();
    inode.pages.pop_front();
    cache_.pages_[frame].dirty = false;
    cache_.pages_[frame].write_back = true;
    const Bytes bytes = std::min(kPageSize, inode.size - at);
    segments.push_back({address_of(frame), static_cast<std::uint32_t>(bytes.count())});
    request.frames.push_back(frame);
  }
  dirty_ -= pages;
  under_way_ += pages;
  ++in_flight_;
  block_.write(inode.file, begin.count(), std::move(segments), request);
}

void WriteBack::finish(Request& request) {
  for (const Frame frame : request.frames) cache_.pages_[frame].write_back = false;
  under_way_ -= request.frames.size();
  --in_flight_;
  request.frames.clear();
  free_.push_back(&request);
  if (dirty() <= limit_) writers_.wake_all();
  work_.wake_all();
}

void WriteBack::trace(sc_core::sc_trace_file* file) const {
  sc_trace(file, dirty_, "page_cache.dirty_pages", 32);
  sc_trace(file, under_way_, "page_cache.pages_in_write_back", 32);
}

}  // namespace copypath
