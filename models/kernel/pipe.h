// A pipe between two programs: a ring of references to pages, its own or those of the program that
// writes, behind one mutex, so that only one end is at work at a time. Follows pipe_write() and
// pipe_read() of fs/pipe.c, vmsplice_to_pipe() and splice_from_pipe() of fs/splice.c (Linux 6.x).
// Left out: filling up the last page of the write before, the spare page that a reader keeps,
// several programs at one end, signals. Costs are keys; of a page, half is the writer's.
#pragma once

#include "models/cpu/task.h"
#include "models/kernel/skb.h"
#include "models/recycled.h"

namespace copypath {

class Pipe {
public:
  /// `size`: of its pages (F_SETPIPE_SZ). `waits`: a call that finds it full or empty sleeps until
  /// it is not; otherwise it returns at once, with nothing (O_NONBLOCK, SPLICE_F_NONBLOCK).
  Pipe(Bytes size, bool waits, SkbAllocator& pages);

  // Each is called within a system call, and returns how many bytes have moved.

  /// write(): copies all of it, or what there is room for if it does not wait.
  Bytes write(Task& task, std::uint64_t address, Bytes bytes);
  /// vmsplice(): refers to the program's pages, as far as there is room. `huge`: they belong to
  /// huge pages, of which a piece is found at once.
  Bytes vmsplice(Task& task, std::uint64_t address, Bytes bytes, bool huge);
  /// read(): copies what there is; nothing at the end.
  Bytes read(Task& task, std::uint64_t address, Bytes bytes);
  /// splice() to where nobody wants the bytes (/dev/null): takes what there is. `taken`: where it
  /// lies, valid until the next call.
  Bytes splice_away(Task& task, Bytes bytes, SegmentList& taken);

  /// close() of the end that writes.
  void close(Task& task);
  /// All has been read that will ever come.
  bool at_end() const { return closed_ && buffers_.empty(); }

private:
  void lock(Task& task);
  void unlock(Task& task);
  void wait_for(Task& task, WaitQueue& queue, bool (Pipe::*ready)() const);
  static void wake(Task& task, WaitQueue& queue);
  std::size_t room() const { return slots_ - buffers_.size(); }
  bool has_room() const { return room() > 0; }
  bool has_news() const { return !buffers_.empty() || closed_; }
  void take(Task& task, Bytes bytes, SegmentList& taken, Place place);
  void drop(Bytes bytes);

  SkbAllocator& pages_;
  std::size_t slots_;
  bool waits_;
  Fifo<Fragment> buffers_;
  bool closed_ = false;
  bool locked_ = false;
  sc_core::sc_event unlocked_;
  WaitQueue writers_{"wait pipe room"};
  WaitQueue readers_{"wait pipe data"};
};

}  // namespace copypath
