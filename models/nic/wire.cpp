#include "models/nic/wire.h"

#include <algorithm>
#include <iterator>

namespace copypath {

void Sack::note(Recent& recent, std::uint64_t byte) {
  std::rotate(recent.begin(), recent.end() - 1, recent.end());
  recent[0] = byte;
}

Sack Sack::of(const std::vector<Block>& parts, const Recent& recent) {
  std::vector<Block> joined;
  for (const Block& part : parts) {
    if (!joined.empty() && joined.back().end >= part.begin) {
      joined.back().end = std::max(joined.back().end, part.end);
    } else {
      joined.push_back(part);
    }
  }
  Sack sack{};
  const auto take = [&](const Block& block) {
    if (sack.count == sack.blocks.size()) return;
    const auto end = sack.blocks.begin() + sack.count;
    const auto same = [&](const Block& other) { return other.begin == block.begin; };
    if (std::find_if(sack.blocks.begin(), end, same) == end) sack.blocks[sack.count++] = block;
  };
  for (const std::uint64_t byte : recent) {
    const auto after =
        std::upper_bound(joined.begin(), joined.end(), byte,
                         [](std::uint64_t at, const Block& block) { return at < block.begin; });
    if (after != joined.begin() && byte < std::prev(after)->end) take(*std::prev(after));
  }
  for (std::size_t i = 0; i < std::min(joined.size(), 2 * sack.blocks.size()); ++i) take(joined[i]);
  return sack;
}

}  // namespace copypath
