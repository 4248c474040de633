#include "models/kernel/pipe.h"

#include <algorithm>

#include "models/kernel/zerocopy.h"

namespace copypath {

namespace {

/// Pages of a program that are looked for at once (iter_to_pipe()).
constexpr std::size_t kPiece = 16;

sc_time half_of_page(const Task& task) { return task.costs().splice_page / 2; }

}  // namespace

Pipe::Pipe(Bytes size, bool waits, SkbAllocator& pages)
    : pages_(pages), slots_(size / kPageSize), waits_(waits) {}

// The mutex spins as long as its owner runs on another core.
void Pipe::lock(Task& task) {
  task.settle();
  while (locked_) {
    sc_core::wait(task.costs().time_slice, unlocked_);
    task.spend(sc_core::sc_get_time_resolution());  // an owner without a core may get this one
    task.settle();
  }
  locked_ = true;
}

void Pipe::unlock(Task& task) {
  task.settle();
  locked_ = false;
  unlocked_.notify();
}

/// With the lock, which it gives up meanwhile.
void Pipe::wait_for(Task& task, WaitQueue& queue, bool (Pipe::*ready)() const) {
  while (!(this->*ready)()) {
    unlock(task);
    task.wait_until(queue, [&] { return (this->*ready)(); });
    lock(task);
  }
}

void Pipe::wake(Task& task, WaitQueue& queue) {
  if (queue.empty()) return;
  task.spend(task.costs().wakeup);
  task.settle();
  queue.wake_all();
}

Bytes Pipe::write(Task& task, std::uint64_t address, Bytes bytes) {
  Bytes done;
  lock(task);
  while (done < bytes) {
    if (!has_room()) {
      if (!waits_) break;
      unlock(task);
      wake(task, readers_);
      lock(task);
      wait_for(task, writers_, &Pipe::has_room);
    }
    const std::size_t pages =
        std::min<std::size_t>(room(), units_covering(bytes - done, kPageSize));
    const Bytes part = std::min(bytes - done, kPageSize * pages);
    SegmentList to;
    for (Bytes at; at < part; at += kPageSize) {
      KernelPages* const page = pages_.allocate_pages(kPageSize);
      const Bytes in_page = std::min(kPageSize, part - at);
      to.push_back({page->address(), static_cast<std::uint32_t>(in_page.count())});
      buffers_.push_back({to.back(), Place::kPipe, false, page});
    }
    task.spend((task.costs().page_alloc + half_of_page(task)) * static_cast<double>(pages));
    task.copy(Movement::kPipeWrite,
              {{address + done.count(), static_cast<std::uint32_t>(part.count())}}, to,
              task.costs().copy_rate);
    done += part;
  }
  unlock(task);
  wake(task, readers_);
  return done;
}

Bytes Pipe::vmsplice(Task& task, std::uint64_t address, Bytes bytes, bool huge) {
  lock(task);
  if (waits_) wait_for(task, writers_, &Pipe::has_room);
  Bytes done;
  while (done < bytes && has_room()) {
    const Bytes wanted = std::min(bytes - done, kPageSize * std::min(room(), kPiece));
    if (huge) task.spend(task.costs().pin_page);  // the first one leads to the others
    for (const Fragment& page : user_pages(address + done.count(), wanted)) {
      if (!has_room()) break;  // an odd address takes a page more
      if (!huge) task.spend(task.costs().pin_page);
      task.spend(half_of_page(task));
      buffers_.push_back(page);
      done += Bytes(page.segment.bytes);
    }
  }
  unlock(task);
  if (done > Bytes(0)) wake(task, readers_);
  return done;
}

/// Of the first buffers, those that lie in `place`, up to `bytes` of them.
void Pipe::take(Task& task, Bytes bytes, SegmentList& taken, Place place) {
  Bytes found;
  for (const Fragment& buffer : buffers_) {
    if (found == bytes || buffer.place != place) break;
    const Bytes part = std::min(bytes - found, Bytes(buffer.segment.bytes));
    taken.push_back({buffer.segment.address, static_cast<std::uint32_t>(part.count())});
    task.spend(half_of_page(task));
    found += part;
  }
}

/// The first `bytes` are of no use any longer; a page whose last they are is released.
void Pipe::drop(Bytes bytes) {
  while (bytes > Bytes(0)) {
    Fragment& buffer = buffers_.front();
    const Bytes part = std::min(bytes, Bytes(buffer.segment.bytes));
    bytes -= part;
    if (part == Bytes(buffer.segment.bytes)) {
      pages_.put(buffer);
      buffers_.pop_front();
    } else {
      buffer.segment.address += part.count();
      buffer.segment.bytes -= static_cast<std::uint32_t>(part.count());
    }
  }
}

Bytes Pipe::read(Task& task, std::uint64_t address, Bytes bytes) {
  lock(task);
  if (waits_) wait_for(task, readers_, &Pipe::has_news);
  Bytes done;
  while (done < bytes && !buffers_.empty()) {
    const Place place = buffers_.front().place;
    SegmentList from;
    take(task, bytes - done, from, place);
    const Bytes part = size_of(from);
    const SegmentList to{{address + done.count(), static_cast<std::uint32_t>(part.count())}};
    task.copy(place == Place::kPipe ? Movement::kPipeRead : Movement::kPipeReadUser, from, to,
              task.costs().copy_rate);
    drop(part);
    done += part;
  }
  unlock(task);
  if (done > Bytes(0)) wake(task, writers_);
  return done;
}

Bytes Pipe::splice_away(Task& task, Bytes bytes, SegmentList& taken) {
  taken.clear();
  lock(task);
  if (waits_) wait_for(task, readers_, &Pipe::has_news);
  while (size_of(taken) < bytes && !buffers_.empty()) {
    SegmentList part;
    take(task, bytes - size_of(taken), part, buffers_.front().place);
    drop(size_of(part));
    taken.insert(taken.end(), part.begin(), part.end());
  }
  unlock(task);
  const Bytes done = size_of(taken);
  if (done > Bytes(0)) wake(task, writers_);
  return done;
}

void Pipe::close(Task& task) {
  task.settle();
  closed_ = true;
  wake(task, readers_);
}

}  // namespace copypath
