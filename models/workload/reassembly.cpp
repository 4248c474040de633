#include "models/workload/reassembly.h"

#include <algorithm>
#include <vector>

namespace copypath {

void Reassembly::take(std::uint64_t next, std::uint64_t sequence, const Content& content,
                      Content& ready) {
  const std::uint64_t end = sequence + content.size().count();
  if (end <= next) return;
  hold(std::max(sequence, next), sequence, end, content);
  Sack::note(recent_, std::max(sequence, next));
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
  std::vector<Sack::Block> parts;
  for (const auto& [begin, part] : held_) parts.push_back({begin, begin + part.size().count()});
  return Sack::of(parts, recent_);
}

}  // namespace copypath
