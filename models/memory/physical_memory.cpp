// Frames and their contents. Nearly every frame holds one run, so a frame has one tag, and the few
// that hold several (odd sizes and offsets) keep a list beside it.
#include "models/memory/physical_memory.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace copypath {

namespace {

constexpr std::uint32_t kPage = static_cast<std::uint32_t>(kPageSize.count());

// Frames by which the tables grow.
constexpr std::size_t kGrowth = 4096;

/// Calls visit(frame, begin, bytes) for the part of every frame that the list covers.
template <typename Visit>
void for_each_part(const SegmentList& list, Visit visit) {
  for (const Segment& segment : list) {
    std::uint64_t address = segment.address;
    std::uint32_t left = segment.bytes;
    while (left > 0) {
      const auto begin = static_cast<std::uint32_t>(address % kPage);
      const std::uint32_t bytes = std::min(left, kPage - begin);
      visit(frame_of(address), begin, bytes);
      address += bytes;
      left -= bytes;
    }
  }
}

}  // namespace

SegmentList slice(const SegmentList& list, Bytes offset, Bytes bytes) {
  SegmentList result;
  for (const Segment& segment : list) {
    if (offset >= Bytes(segment.bytes)) {
      offset -= Bytes(segment.bytes);
      continue;
    }
    const Bytes n = std::min(bytes, Bytes(segment.bytes) - offset);
    if (n == Bytes(0)) break;
    result.push_back({segment.address + offset.count(), static_cast<std::uint32_t>(n.count())});
    bytes -= n;
    offset = Bytes(0);
  }
  return result;
}

Frame PhysicalMemory::allocate_adjacent(unsigned frames) {
  auto& free = adjacent_[frames];
  Frame first = next_;
  if (free.empty()) {
    next_ += frames;
    if (next_ > tags_.size()) tags_.grow_to(next_);
    if (data_ == Data::kBytes && next_ > bytes_.size()) bytes_.resize(next_ + kGrowth);
  } else {
    first = free.back();
    free.pop_back();
    for (unsigned i = 0; i < frames; ++i) forget(first + i);
  }
  return first;
}

std::uint64_t PhysicalMemory::frames_in_use() const {
  std::uint64_t free = free_.size();
  for (const auto& [frames, list] : adjacent_) free += frames * list.size();
  return next_ - free;
}

std::uint8_t* PhysicalMemory::bytes_of(Frame frame) {
  if (!bytes_[frame]) bytes_[frame] = std::make_unique<std::uint8_t[]>(kPage);
  return bytes_[frame].get();
}

/// What does not replace all that the frame has held.
void PhysicalMemory::define_beside(Frame frame, const Tag& tag) {
  Tag& held = tags_[frame];
  if (held.file == kMixed) {
    define_mixed(frame, tag);
  } else if (held.same_run(tag) && tag.begin <= held.end && tag.end >= held.begin) {
    held.begin = std::min(held.begin, tag.begin);
    held.end = std::max(held.end, tag.end);
  } else {
    mixed_[frame] = {held};
    held = Tag{};
    held.file = kMixed;
    define_mixed(frame, tag);
  }
}

void PhysicalMemory::define_mixed(Frame frame, const Tag& tag) {
  std::vector<Tag>& list = mixed_[frame];
  std::vector<Tag> result;
  for (const Tag& old : list) {  // what the new tag leaves of each old one
    if (old.begin < tag.begin) {
      result.push_back(old);
      result.back().end = std::min(old.end, tag.begin);
    }
    if (old.end > tag.end) {
      result.push_back(old);
      result.back().begin = std::max(old.begin, tag.end);
    }
  }
  result.push_back(tag);
  std::sort(result.begin(), result.end(),
            [](const Tag& a, const Tag& b) { return a.begin < b.begin; });
  list.clear();
  for (const Tag& next : result) {
    if (!list.empty() && list.back().same_run(next) && list.back().end == next.begin) {
      list.back().end = next.end;
    } else {
      list.push_back(next);
    }
  }
  if (list.size() == 1) {
    tags_[frame] = list.front();
    mixed_.erase(frame);
  }
}

void PhysicalMemory::read_tags(Frame frame, std::uint32_t begin, std::uint32_t end,
                               Content& to) const {
  std::uint32_t at = begin;
  const auto take = [&](const Tag& tag) {
    const std::uint32_t from = std::max<std::uint32_t>(at, tag.begin);
    const std::uint32_t until = std::min<std::uint32_t>(end, tag.end);
    if (from >= until) return;
    if (from > at) to.append({kUndefined, 0, 0, from - at});
    to.append({tag.file, tag.version, static_cast<std::uint64_t>(tag.origin() + from), until - from,
               tag.form});
    at = until;
  };
  if (tags_[frame].file == kMixed) {
    for (const Tag& tag : mixed_.at(frame)) take(tag);
  } else {
    take(tags_[frame]);
  }
  if (at < end) to.append({kUndefined, 0, 0, end - at});
}

/// Frame after frame of one run, which is the rule, becomes one run before it is appended.
void PhysicalMemory::read_tags(const SegmentList& from, Content& to) const {
  Run run{};
  const auto flush = [&] {
    if (run.bytes > 0) to.append(run);
    run.bytes = 0;
  };
  for (const Segment& segment : from) {
    Frame frame = frame_of(segment.address);
    auto begin = static_cast<std::uint32_t>(segment.address % kPage);
    for (std::uint32_t left = segment.bytes; left > 0; ++frame, begin = 0) {
      if (begin == 0 && run.bytes > 0) {  // the rule
        Tag next = Tag::of_whole_frame(run, run.offset + run.bytes);
        const Tag* tag = &tags_[frame];
        const Tag* const first = tag;
        for (; left >= kPage && *tag == next; ++tag, left -= kPage) next.advance();
        const auto frames = static_cast<std::uint32_t>(tag - first);
        run.bytes += std::uint64_t{frames} * kPage;
        frame += frames;
        if (left == 0) break;
      }
      const std::uint32_t bytes = std::min(left, kPage - begin);
      left -= bytes;
      const Tag& tag = tags_[frame];
      if (tag.begin > begin || begin + bytes > tag.end) {
        flush();
        read_tags(frame, begin, begin + bytes, to);
        continue;
      }
      const auto offset = static_cast<std::uint64_t>(tag.origin()) + begin;
      if (offset != run.offset + run.bytes || tag.file != run.file || tag.form != run.form ||
          tag.version != run.version) {
        flush();
        run = {tag.file, tag.version, offset, 0, tag.form};
      }
      run.bytes += bytes;
    }
  }
  flush();
}

void PhysicalMemory::read(const SegmentList& from, Content& to) const {
  if (data_ == Data::kTags) return read_tags(from, to);
  for_each_part(from, [&](Frame frame, std::uint32_t begin, std::uint32_t bytes) {
    static const std::uint8_t kZeros[kPage] = {};
    const std::uint8_t* at = bytes_[frame] ? bytes_[frame].get() + begin : kZeros;
    if (!framed_) {
      to.append(at, bytes);
      return;
    }
    Content tags;
    read_tags(frame, begin, begin + bytes, tags);
    for (const Run& run : tags.runs()) {
      to.append(at, run.bytes, run.form);
      at += run.bytes;
    }
  });
}

Bytes PhysicalMemory::framing(const SegmentList& list) const {
  std::uint64_t total = 0;
  if (!framed_) return Bytes(total);
  for_each_part(list, [&](Frame frame, std::uint32_t begin, std::uint32_t bytes) {
    const auto count = [&](const Tag& tag) {
      if (tag.form != Form::kFraming) return;
      const std::uint32_t first = std::max<std::uint32_t>(begin, tag.begin);
      const std::uint32_t last = std::min<std::uint32_t>(begin + bytes, tag.end);
      if (first < last) total += last - first;
    };
    if (tags_[frame].file == kMixed) {
      for (const Tag& tag : mixed_.at(frame)) count(tag);
    } else {
      count(tags_[frame]);
    }
  });
  return Bytes(total);
}

void PhysicalMemory::write(const SegmentList& to, const Content& from) {
  if (from.size() != size_of(to)) throw std::logic_error("sizes differ");
  framed_ = framed_ || from.framing() > Bytes(0);
  if (data_ == Data::kBytes) write_bytes(to, from);
  if (data_ == Data::kTags || framed_) write_tags(to, from);
}

void PhysicalMemory::write_bytes(const SegmentList& to, const Content& from) {
  const std::uint8_t* at = from.bytes().data();
  for_each_part(to, [&](Frame frame, std::uint32_t begin, std::uint32_t bytes) {
    std::memcpy(bytes_of(frame) + begin, at, bytes);
    at += bytes;
  });
}

void PhysicalMemory::write_tags(const SegmentList& to, const Content& from) {
  const Run* next = from.runs().data();
  Run run{};  // what is left of it
  for (const Segment& segment : to) {
    std::uint64_t address = segment.address;
    std::uint64_t n = 0;
    for (std::uint64_t left = segment.bytes; left > 0; left -= n, address += n) {
      if (run.bytes == 0) run = *next++;
      const auto begin = static_cast<std::uint32_t>(address % kPage);
      n = std::min(left, run.bytes);
      if (begin == 0 && n >= kPage) {  // the rule
        n -= n % kPage;
        fill(frame_of(address), n / kPage, run);
      } else {
        n = std::min<std::uint64_t>(n, kPage - begin);
        define(frame_of(address),
               {run.file, Tag::words_of(static_cast<std::int64_t>(run.offset) - begin),
                static_cast<std::uint16_t>(run.version), static_cast<std::uint16_t>(begin),
                static_cast<std::uint16_t>(begin + n), run.form});
      }
      run.offset += n;
      run.bytes -= n;
    }
  }
}

/// Whole frames, one after the other.
void PhysicalMemory::fill(Frame first, std::uint64_t frames, const Run& run) {
  Tag tag = Tag::of_whole_frame(run, run.offset);
  Tag* held = &tags_[first];
  Tag* const end = held + frames;
  for (; held != end; ++held, tag.advance()) {
    if (held->file == kMixed) mixed_.erase(static_cast<Frame>(first + frames - (end - held)));
    *held = tag;
  }
}

void PhysicalMemory::copy(const SegmentList& from, const SegmentList& to) {
  scratch_.clear();
  read(from, scratch_);
  write(to, scratch_);
}

}  // namespace copypath
