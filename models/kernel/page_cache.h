// The page cache: pages of files in memory, found by (file, index), least recently used first out.
// A page is locked while the disk fills it, and stays in memory as long as somebody holds a
// reference (a reader that waits for it, an skb that carries it).
// Pages come and go in folios: one page, or several adjacent ones (page_cache.folio).
// Writing is write_back.h's. Left out: active and inactive lists, the steps in which
// Linux makes folios larger. Pages that are locked or referenced cannot be evicted, so a very small
// cache may exceed its size.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "models/cpu/cpu.h"
#include "models/kernel/block_layer.h"
#include "models/kernel/readahead.h"
#include "models/memory/frame_table.h"
#include "models/memory/memory_bus.h"

namespace copypath {

/// An open file: position, end, and the state of its readahead (struct file).
struct OpenFile {
  std::uint32_t number = 0;
  Bytes size;
  Bytes position;
  Readahead readahead{0};
  FileSource source = FileSource::kBuffered;

  Bytes end;                       ///< of what was asked for
  std::uint64_t pages_taken = 0;   ///< by its reader, and
  std::uint64_t pages_missed = 0;  ///< read from the disk for it, read ahead or not
  bool failed = false;  ///< the last call has returned EIO, or raised SIGBUS: there is no more
  /// Somebody truncates the file to `truncate_to` when `truncate_at` has been read.
  Bytes truncate_at{~std::uint64_t{0}};
  Bytes truncate_to;

  /// The size at present.
  Bytes current_size() const { return position < truncate_at ? size : truncate_to; }
  /// What is left to be read of what was asked for.
  Bytes left() const { return failed ? Bytes(0) : std::min(end, current_size()) - position; }
  /// What its reader thinks is left, who does not look at the size again.
  Bytes promised() const { return end - position; }
};

class PageCache : public sc_core::sc_module {
public:
  PageCache(const sc_core::sc_module_name& name, const PageCacheConfig& config,
            PhysicalMemory& memory, BlockLayer& block, Media& media);

  OpenFile open(std::uint32_t file) const;

  /// filemap_get_pages(): appends to `pages` the part of [position, position + wanted) that is in
  /// memory from the first page on, at least one page, and takes a reference on each of its pages.
  /// Starts readahead and waits for the disk as needed. Nothing if the first page cannot be read.
  void get_pages(Task& task, OpenFile& file, Bytes wanted, SegmentList& pages);
  /// The same, with pages in one segment that are adjacent in memory, too.
  void get_runs(Task& task, OpenFile& file, Bytes wanted, SegmentList& runs);

  /// What folios have at most.
  Bytes folio() const { return config_.folio; }
  /// Whether folios may have more than a page.
  bool large_folios() const { return config_.folio > kPageSize; }

  /// Takes one more reference on every page of the segment.
  void hold_pages(const Segment& segment) {
    for_each_page_of(segment, [](std::uint32_t& references) { ++references; });
  }

  /// Whether both addresses lie in one folio.
  bool same_folio(std::uint64_t a, std::uint64_t b) const {
    if (config_.folio == kPageSize) return frame_of(a) == frame_of(b);
    return pages_[frame_of(a)].head == pages_[frame_of(b)].head;
  }

  /// What a copy from these pages, each in a segment or several, takes longer because they lie in
  /// so many folios.
  void spend_on_folios(Task& task, const SegmentList& pages) const;

  /// Overwrites what is in memory of the file with its next version, as a write() of another
  /// program would: page by page, whoever else refers to them.
  void overwrite(Task& task, std::uint32_t file);

  /// Drops the reference that get_pages() took on every page of the segment.
  void put_pages(const Segment& segment) {
    for_each_page_of(segment, [](std::uint32_t& references) { --references; });
  }

  /// Fills the first `share` of every file, as if it had been read before. Takes no time.
  void warm_up(double share, MemoryBus& bus);

  /// Pages that had to be read from the disk.
  std::uint64_t misses() const { return misses_; }
  /// Pages that readers took beyond those: the rest was there already (as cachestat counts).
  std::uint64_t hits() const { return accesses_ > misses_ ? accesses_ - misses_ : 0; }
  std::uint64_t evictions() const { return evictions_; }
  /// Reads of the disk, each of pages that are adjacent in the file.
  std::uint64_t reads() const { return submitted_; }
  std::uint64_t resident() const { return resident_; }  ///< pages

  void trace(sc_core::sc_trace_file* file) const override;

private:
  friend class Mapping;
  friend class WriteBack;

  static constexpr Frame kNoFrame = 0xffffffff;
  static constexpr std::uint32_t kNoRead = 0xffffffff;
  static constexpr unsigned kNodePages = 64;

  /// 64 adjacent pages of a file (a leaf of the kernel's xarray).
  struct Node {
    explicit Node(std::uint64_t of_pages) : key(of_pages) { frames.fill(kNoFrame); }

    std::uint64_t key;         ///< in nodes_
    std::uint32_t number = 0;  ///< in numbered_nodes_
    std::array<Frame, kNodePages> frames;
    unsigned used = 0;
  };

  struct Read;
  class Taken;

  /// What the kernel keeps in struct page, but for the count of references. There are many, hence
  /// numbers instead of pointers.
  struct Page {
    std::uint32_t index = 0;  // in its file
    Frame newer = kNoFrame;   // in the order of use
    Frame older = kNoFrame;
    Frame head = kNoFrame;         // first page of its folio
    std::uint32_t read = kNoRead;  // locked: being read
    std::uint32_t node = 0;
    std::uint16_t pages = 1;  // of the folio, in its head
    bool mark : 1;            // PG_readahead
    bool failed : 1;          // was read, and is not up to date
    bool dirty : 1;           // has been written, and the disk does not have it yet
    bool write_back : 1;      // the disk is getting it

    Page() : mark(false), failed(false), dirty(false), write_back(false) {}

    bool locked() const { return read != kNoRead; }
    /// The disk has it, or has to get it.
    bool is_busy() const { return locked() || dirty || write_back; }

    /// A reader has nothing to do but take it.
    bool is_quiet() const { return !mark && !failed && !locked(); }
  };

  /// A read that fills adjacent pages, and who waits for it.
  struct Read : BlockRequest {
    Read(PageCache& owner, std::uint32_t in_reads) : cache(owner), number(in_reads) {}
    void finished() override { cache.finish(*this); }

    /// Pages that are adjacent in memory, too.
    struct Run {
      Frame first;
      unsigned frames;
    };
    /// The next pages, which lie there.
    void add(Frame first, unsigned frames) {
      if (!runs.empty() && runs.back().first + runs.back().frames == first) {
        runs.back().frames += frames;
      } else {
        runs.push_back({first, frames});
      }
    }

    PageCache& cache;
    std::uint32_t number;  ///< in reads_
    std::vector<Run> runs;
    WaitQueue waiters{"wait disk"};
  };

  /// visit(references) of each page of the segment.
  template <typename Visit>
  void for_each_page_of(const Segment& segment, Visit visit) {
    std::uint32_t* references = &references_[frame_of(segment.address)];
    for (unsigned left = copypath::pages_of(segment); left > 0; --left) visit(*references++);
  }
  void grow_to(std::size_t frames) {
    if (frames <= pages_.size()) return;
    pages_.grow_to(frames);
    references_.grow_to(frames);
  }
  std::uint64_t pages_of(const OpenFile& file) const {
    return units_covering(file.size, kPageSize);
  }
  static std::uint64_t key_of(std::uint32_t file, std::uint64_t index) {
    return (std::uint64_t{file} << 32) | (index / kNodePages);
  }
  Node* find_node(std::uint64_t key) {
    return last_node_ != nullptr && last_node_->key == key ? last_node_ : look_up(key);
  }
  Node* look_up(std::uint64_t key);
  Node& make_node(std::uint64_t key) {
    Node* const node = find_node(key);
    return node == nullptr ? new_node(key) : *node;
  }
  Node& new_node(std::uint64_t key);
  void free_node(const Node& node);
  Frame find(std::uint32_t file, std::uint64_t index) {
    const Node* node = find_node(key_of(file, index));
    return node == nullptr ? kNoFrame : node->frames[index % kNodePages];
  }
  std::uint64_t folio_at(std::uint32_t file, std::uint64_t index, std::uint64_t end);
  Frame add(std::uint32_t file, std::uint64_t index, std::uint64_t pages);
  std::uint64_t add_missing(std::uint32_t file, std::uint64_t index, std::uint64_t end, Read& read);
  void enter(Frame first, unsigned frames, Node& node, std::uint64_t index, Read& read);
  std::uint64_t replace_oldest(Node& node, std::uint64_t index, std::uint64_t end, Read& read);
  void prefetch_oldest(unsigned frames) const;
  unsigned replaceable(Frame first, const Node& node, std::uint64_t index, std::uint64_t end) const;
  void leave_node(const Page& first, unsigned frames);
  void remove(Frame head);
  void make_room(std::uint64_t pages);
  bool in_use(Frame head) const {
    for (unsigned i = 0; i < pages_[head].pages; ++i) {
      if (references_[head + i] > 0 || pages_[head + i].is_busy()) return true;
    }
    return false;
  }
  void touch(Frame frame) { touch(pages_[frame].head, pages_[frame].head); }
  void touch(Frame first, Frame last);
  void link_newest(Frame frame) {
    Page& page = pages_[frame];
    page.newer = kNoFrame;
    page.older = newest_;
    if (newest_ != kNoFrame) pages_[newest_].newer = frame;
    newest_ = frame;
    if (oldest_ == kNoFrame) oldest_ = frame;
  }
  void unlink(Frame frame) {
    const Page& page = pages_[frame];
    if (page.newer != kNoFrame) pages_[page.newer].older = page.older;
    if (page.older != kNoFrame) pages_[page.older].newer = page.newer;
    if (newest_ == frame) newest_ = page.older;
    if (oldest_ == frame) oldest_ = page.newer;
  }

  void read_missing(Task& task, OpenFile& file, const ReadaheadWindow& window);
  Read* new_read();
  std::uint64_t take_quiet(OpenFile& file, std::uint64_t index, std::uint64_t last, Taken& taken,
                           SegmentList& runs);
  void submit(const OpenFile& file, std::uint64_t first, Read& read);
  void meet_mark(Task& task, OpenFile& file, std::uint64_t index, std::uint64_t request);
  std::uint64_t first_missing(std::uint32_t file, std::uint64_t index, std::uint64_t limit);
  void wait_for(Task& task, Frame frame);
  bool read_again(Task& task, const OpenFile& file, Frame frame);
  void finish(Read& read);

  PageCacheConfig config_;
  std::uint64_t capacity_;  // pages
  PhysicalMemory& memory_;
  BlockLayer& block_;
  Media& media_;

  FrameTable<Page> pages_;
  // Apart from the rest of a page, of which putting a reference needs nothing: 16 of them are one
  // line of the host's cache.
  FrameTable<std::uint32_t> references_;
  std::unordered_map<std::uint64_t, Node> nodes_;
  std::vector<std::unordered_map<std::uint64_t, Node>::node_type> free_nodes_;
  std::vector<Node*> numbered_nodes_;
  Node* last_node_ = nullptr;  // that was looked up: readers go page by page
  Frame newest_ = kNoFrame;
  Frame oldest_ = kNoFrame;
  std::vector<std::unique_ptr<Read>> reads_;
  std::vector<Read*> free_reads_;

  std::uint64_t resident_ = 0;
  std::uint64_t accesses_ = 0;
  std::uint64_t misses_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t evictions_ = 0;
  unsigned passed_over_ = 0;  // by reclaim, for the present window
  unsigned reading_ = 0;      // pages locked, for the waveform
};

}  // namespace copypath
