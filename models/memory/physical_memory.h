// The machine's memory: page frames that can be allocated, and what they hold. Contents change
// only through the memory system (memory_bus.h), which enters every movement in the ledger.
// Left out: a limit on the number of frames (the page cache has one of its own), NUMA nodes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "models/memory/coherent_memory.h"
#include "models/memory/content.h"
#include "models/memory/frame_table.h"
#include "models/platform/config.h"
#include "models/recycled.h"

namespace copypath {

/// The number of a page frame; its bytes start at physical address frame * kPageSize.
using Frame = std::uint32_t;

/// A stretch of physical memory. It may span frames.
struct Segment {
  std::uint64_t address;
  std::uint32_t bytes;
};
using SegmentList = std::vector<Segment, Recycled<Segment>>;

constexpr std::uint64_t address_of(Frame frame) { return frame * kPageSize.count(); }
constexpr Frame frame_of(std::uint64_t address) {
  return static_cast<Frame>(address / kPageSize.count());
}

/// Appends a segment, joined with the last one where the two are adjacent.
inline void append(SegmentList& list, Segment segment) {
  if (!list.empty() && list.back().address + list.back().bytes == segment.address) {
    list.back().bytes += segment.bytes;
  } else {
    list.push_back(segment);
  }
}
/// visit(what of the segment lies in a page), page after page.
template <typename Visit>
void for_each_page(Segment segment, Visit visit) {
  while (segment.bytes > 0) {
    const std::uint64_t left = kPageSize.count() - segment.address % kPageSize.count();
    const auto bytes = left < segment.bytes ? static_cast<std::uint32_t>(left) : segment.bytes;
    visit(Segment{segment.address, bytes});
    segment.address += bytes;
    segment.bytes -= bytes;
  }
}
/// The pages in which some of it lies.
constexpr unsigned pages_of(const Segment& segment) {
  return frame_of(segment.address + segment.bytes - 1) - frame_of(segment.address) + 1;
}
inline Bytes size_of(const SegmentList& list) {
  std::uint64_t total = 0;
  for (const Segment& segment : list) total += segment.bytes;
  return Bytes(total);
}

/// Bytes [offset, offset + bytes) of a list, as far as it reaches.
SegmentList slice(const SegmentList& list, Bytes offset, Bytes bytes);
inline SegmentList first(const SegmentList& list, Bytes bytes) {
  return slice(list, Bytes(0), bytes);
}

class PhysicalMemory {
public:
  explicit PhysicalMemory(Data data) : data_(data) {}

  /// One frame, of undefined content.
  Frame allocate() {
    if (free_.empty()) return allocate_adjacent(1);
    const Frame frame = free_.back();
    free_.pop_back();
    forget(frame);
    return frame;
  }
  void free(Frame frame) { free_.push_back(frame); }
  /// Frees adjacent ones, each by itself, and allocates them again.
  void renew(Frame first, unsigned frames) {
    for (unsigned i = 0; i < frames; ++i) forget(first + i);
  }

  /// `frames` adjacent frames, of undefined content. Freed by giving back the same number.
  Frame allocate_adjacent(unsigned frames);
  void free_adjacent(Frame first, unsigned frames) { adjacent_[frames].push_back(first); }

  Data data() const { return data_; }

  /// What these frames hold will be asked for, or replaced, soon (FrameTable::prefetch()).
  [[gnu::always_inline]] void prefetch(Frame first, unsigned frames) const {
    tags_.prefetch(first, frames);
  }
  [[gnu::always_inline]] void prefetch(const SegmentList& list) const {
    for (const Segment& segment : list) {
      prefetch(frame_of(segment.address), pages_of(segment));
    }
  }

  /// Frames handed out and not yet freed.
  std::uint64_t frames_in_use() const;

  CoherentMemory coherent;  ///< rings of the drivers, no frames

private:
  friend class MemoryBus;  // the only one who may change what memory holds

  /// Appends what `from` holds to `to`.
  void read(const SegmentList& from, Content& to) const;
  /// Fills `to` with `from`, which must be as long.
  void write(const SegmentList& to, const Content& from);
  void copy(const SegmentList& from, const SegmentList& to);
  /// The bytes of `list` that are framing.
  Bytes framing(const SegmentList& list) const;

  // A tag with this marker as its file has its runs in the list of mixed frames.
  static constexpr std::uint32_t kMixed = 0xfffffffe;

  /// Part of a frame that holds a run: bytes [begin, end) of the frame; the byte at 0 would be
  /// the file's byte `origin`. There is one for each frame: 20 bytes.
  struct Tag {
    std::uint32_t file = kUndefined;
    std::array<std::uint32_t, 2> origin_words{};
    std::uint16_t version = 0;  // of framing a length, up to 16 KiB
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
    Form form = Form::kPlain;
    std::uint8_t unused = 0;

    std::int64_t origin() const {
      std::int64_t origin = 0;
      std::memcpy(&origin, origin_words.data(), sizeof origin);
      return origin;
    }
    void set_origin(std::int64_t origin) {
      std::memcpy(origin_words.data(), &origin, sizeof origin);
    }
    /// What that of a frame is which holds the file from that offset on.
    static Tag of_whole_frame(const Run& run, std::uint64_t offset) {
      return {run.file,
              words_of(static_cast<std::int64_t>(offset)),
              static_cast<std::uint16_t>(run.version),
              0,
              static_cast<std::uint16_t>(kPageSize.count()),
              run.form};
    }
    /// What that of the next frame is.
    void advance() { set_origin(origin() + static_cast<std::int64_t>(kPageSize.count())); }
    static std::array<std::uint32_t, 2> words_of(std::int64_t origin) {
      Tag tag;
      tag.set_origin(origin);
      return tag.origin_words;
    }

    bool operator==(const Tag& other) const {
      return origin() == other.origin() && file == other.file && extent() == other.extent();
    }
    /// Version, beginning, end and form.
    std::uint64_t extent() const {
      std::uint64_t bits = 0;
      std::memcpy(&bits, reinterpret_cast<const std::uint8_t*>(this) + offsetof(Tag, version),
                  sizeof bits);
      return bits;
    }
    bool same_run(const Tag& other) const {
      return file == other.file && version == other.version && origin_words == other.origin_words &&
             form == other.form;
    }
  };

  void define(Frame frame, const Tag& tag) {
    Tag& held = tags_[frame];
    const bool empty = held.file == kUndefined && held.form == Form::kPlain;
    const bool covered = tag.begin <= held.begin && tag.end >= held.end;
    if (held.file != kMixed && (empty || covered)) {
      held = tag;
    } else {
      define_beside(frame, tag);
    }
  }
  void define_beside(Frame frame, const Tag& tag);
  void define_mixed(Frame frame, const Tag& tag);
  void forget(Frame frame) {
    if (data_ == Data::kBytes) bytes_[frame].reset();
    if (tags_[frame].file == kMixed) mixed_.erase(frame);
    tags_[frame] = Tag{};
  }
  void read_tags(const SegmentList& from, Content& to) const;
  void read_tags(Frame frame, std::uint32_t begin, std::uint32_t end, Content& to) const;
  void write_tags(const SegmentList& to, const Content& from);
  void fill(Frame first, std::uint64_t frames, const Run& run);
  void write_bytes(const SegmentList& to, const Content& from);
  std::uint8_t* bytes_of(Frame frame);

  Data data_;
  Frame next_ = 0;
  std::vector<Frame> free_;
  std::map<unsigned, std::vector<Frame>> adjacent_;
  FrameTable<Tag> tags_;
  std::map<Frame, std::vector<Tag>> mixed_;             // frames that hold several runs
  std::vector<std::unique_ptr<std::uint8_t[]>> bytes_;  // Data::kBytes: by frame
  bool framed_ = false;  // some of it is framing; until then, beside bytes no tags are kept
  mutable Content scratch_;
};

}  // namespace copypath
