// Writing to files: write() copies into the page cache, whose pages are dirty then, and a flusher
// (a kernel thread) writes them to the disk, file by file, when there are many of them or the
// oldest have become old. A writer that makes them faster than the disk takes them has to wait.
// Follows generic_perform_write() of mm/filemap.c, balance_dirty_pages() of mm/page-writeback.c and
// wb_writeback() of fs/fs-writeback.c (Linux 6.x). Left out: throttling before the upper limit is
// reached, looking for old pages every 5 s only, metadata and journal of a file system, fsync().
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/kernel/page_cache.h"
#include "models/kernel/timer.h"

namespace copypath {

class WriteBack : public sc_core::sc_module {
public:
  /// Pages of one request at most, and of one file before the next one's turn
  /// (MAX_WRITEBACK_PAGES); requests that are under way at most (assumed).
  static constexpr std::size_t kRequestPages = 256;
  static constexpr std::size_t kTurnPages = 1024;
  static constexpr unsigned kMostRequests = 64;

  /// `task`: of the flusher.
  WriteBack(const sc_core::sc_module_name& name, const PageCacheConfig& config, Cpu& cpu,
            unsigned task, PageCache& page_cache, BlockLayer& block, Timer& timer);

  /// Copies `from` to the file's position, and moves that. A page that exists but is not in memory
  /// is read before part of it is written. Returns where the bytes are now.
  SegmentList write(Task& task, OpenFile& file, const SegmentList& from,
                    Movement copy = Movement::kFileWrite);
  /// Waits while there is too much that is not on the disk (balance_dirty_pages()).
  void balance(Task& task);

  /// Written to files, and not on the disk yet: pages.
  std::uint64_t dirty() const { return dirty_ + under_way_; }
  /// Times that a writer had to wait for the disk.
  std::uint64_t throttled() const { return throttled_; }
  const Task& flusher() const { return task_; }

  void trace(sc_core::sc_trace_file* file) const override;

private:
  /// A file with dirty pages.
  struct Inode {
    std::uint32_t file;
    Bytes size;
    sc_time since;  // its oldest page has been dirty
    std::deque<Frame> pages;
    std::size_t turn = 0;  // pages written since the file has had its turn
  };
  struct Request : BlockRequest {
    explicit Request(WriteBack& write_back) : owner(write_back) {}
    void finished() override { owner.finish(*this); }

    WriteBack& owner;
    std::vector<Frame> frames;
  };

  Frame page_for_writing(Task& task, OpenFile& file, std::uint64_t index);
  void mark_dirty(const OpenFile& file, Frame frame);
  void arm();
  void flush();
  bool has_work() const;
  void write_some();
  void submit(Inode& inode, std::size_t pages);
  void finish(Request& request);

  PageCache& cache_;
  BlockLayer& block_;
  Timer& timer_;
  std::uint64_t background_;  // pages: the flusher begins
  std::uint64_t limit_;       // writers wait
  sc_time expire_;
  Task task_;
  sc_time armed_;            // until when the timer is set
  sc_core::sc_event first_;  // page has become dirty
  WaitQueue work_{"wait dirty pages"};
  WaitQueue writers_{"wait write-back"};
  std::deque<Inode> inodes_;  // in the order in which they have become dirty
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<Request*> free_;
  std::uint64_t dirty_ = 0;      // pages
  std::uint64_t under_way_ = 0;  // pages
  unsigned in_flight_ = 0;       // requests
  std::uint64_t throttled_ = 0;
};

}  // namespace copypath
