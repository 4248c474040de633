#include "models/workload/reassembly.h"

#include <algorithm>
#include <vector>

namespace copypath {

void Reassembly::take(std::uint64_t next, std::uint64_t sequence, const Content& content,
                      Content& ready) {
  const std::uint64_t end = sequence + content.size().count();
  if (end <= next) return;
  hold(std::max(sequence, next), sequence, end, content);
  latest_ = std::max(sequence, next);
  while (!held_.empty() && held_.begin()->first == next) {
    const Content& part = held_.begin()->second;
    next += part.size().count();
    ready.append(part);
    held_.erase(held_.begin());
  }
}

/// Keeps [begin, end) of the content that begins at `sequence`, but for what is there already.
void Reassembly::hold(std::uint64_t begin, std::uint64_t sequence, std::uint64_t end,
                      const Content& content) {
  while (begin < end) {
    auto after = held_.upper_bound(begin);
    if (after != held_.begin()) {
      const auto& [first, part] = *std::prev(after);
      begin = std::max(begin, first + part.size().count());
    }
    const std::uint64_t gap = after == held_.end() ? end : std::min(end, after->first);
    if (begin < gap) held_.emplace(begin, content.slice(begin - sequence, gap - begin));
    begin = std::max(begin, gap);
  }
}

Sack Reassembly::sack() const {
  std::vector<Sack::Block> blocks;
  for (const auto& [begin, part] : held_) {
    const std::uint64_t end = begin + part.size().count();
    if (!blocks.empty() && blocks.back().end == begin) {
      blocks.back().end = end;
    } else {
      blocks.push_back({begin, end});
    }
  }
  const auto latest = std::find_if(blocks.begin(), blocks.end(), [&](const Sack::Block& block) {
    return block.begin <= latest_ && latest_ < block.end;
  });
  if (latest != blocks.end()) std::rotate(blocks.begin(), latest, latest + 1);
  Sack sack{};
  for (; sack.count < std::min(blocks.size(), sack.blocks.size()); ++sack.count) {
    sack.blocks[sack.count] = blocks[sack.count];
  }
  return sack;
}

}  // namespace copypath
