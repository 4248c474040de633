// The last-level cache in the simplest words, for the tests: a list of pages with sets of lines.
#pragma once

#include <algorithm>
#include <list>
#include <set>

#include "models/memory/cache.h"

namespace copypath {

/// One page at a time: a core reads it (kChecksumPage) or writes it (kFileWrite), or DMA writes it
/// (kDiskRead).
struct NaiveCache {
  struct Page {
    Frame frame;
    bool dma;
    std::set<unsigned> present;
    std::set<unsigned> dirty;
  };
  std::size_t most;  ///< lines
  std::size_t most_dma;
  bool dma_write_allocate;
  double dma_share;
  double passed_by = 0;     ///< pages that DMA is behind with, of those that go past the cache
  std::list<Page> pages;    ///< the most recently used first
  std::set<Frame> for_dma;  ///< written past the cache by DMA, and by no core since
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  std::uint64_t written_back = 0;

  std::size_t lines(bool dma_only) const {
    std::size_t total = 0;
    for (const Page& page : pages) total += page.dma || !dma_only ? page.present.size() : 0;
    return total;
  }
  bool evict(bool dma_only) {
    for (auto page = pages.rbegin(); page != pages.rend(); ++page) {
      if (dma_only && !page->dma) continue;
      if (std::next(page) == pages.rend()) return false;  // the one in use
      written_back += page->dirty.size();
      pages.erase(std::next(page).base());
      return true;
    }
    return false;
  }
  void touch(Frame frame, unsigned line, Movement by) {
    auto page = std::find_if(pages.begin(), pages.end(),
                             [&](const Page& held) { return held.frame == frame; });
    const bool held = page != pages.end() && page->present.count(line) != 0;
    if (by == Movement::kDiskRead && !dma_write_allocate && !held) {
      ++written;
      return;
    }
    const bool dma = by == Movement::kDiskRead || for_dma.count(frame) != 0;
    if (page == pages.end()) page = pages.insert(pages.begin(), {frame, dma, {}, {}});
    pages.splice(pages.begin(), pages, page);
    if (page->present.insert(line).second && by == Movement::kChecksumPage) ++read;
    if (by != Movement::kChecksumPage) page->dirty.insert(line);
  }
  void pass_by(Frame frame, unsigned first, unsigned end) {
    written += end - first;
    for (auto page = pages.begin(); page != pages.end(); ++page) {
      if (page->frame != frame) continue;
      for (unsigned line = first; line < end; ++line) {
        page->present.erase(line);
        page->dirty.erase(line);
      }
      if (page->present.empty()) pages.erase(page);
      return;
    }
  }
  void use(Frame frame, unsigned first, unsigned end, Movement by) {
    if (by == Movement::kFileWrite) for_dma.erase(frame);
    if (by == Movement::kDiskRead && (passed_by += 1 - dma_share) >= 1) {
      --passed_by;
      return pass_by(frame, first, end);
    }
    if (by == Movement::kDiskRead && !dma_write_allocate) for_dma.insert(frame);
    for (unsigned line = first; line < end; ++line) touch(frame, line, by);
    while (!pages.empty() && pages.front().dma && lines(true) > most_dma && evict(true)) {
    }
    while (lines(false) > most && evict(false)) {
    }
  }
};

}  // namespace copypath
