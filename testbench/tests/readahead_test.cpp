// Laws of the readahead window: sizes, starts and marks as mm/readahead.c of Linux 5.10 to 6.8
// makes them. A reader is played against a cache that holds whatever the windows brought; expected
// windows come from get_init_ra_size() and get_next_ra_size(), worked out by hand.
#include "models/kernel/readahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace copypath {
// Found by argument-dependent lookup, hence not in an unnamed namespace.
static std::ostream& operator<<(std::ostream& out, const ReadaheadWindow& window) {
  return out << "[" << window.start << " +" << window.size << " async " << window.async_size << "]";
}

static bool operator==(const ReadaheadWindow& a, const ReadaheadWindow& b) {
  return a.start == b.start && a.size == b.size && a.async_size == b.async_size;
}

namespace {

using Windows = std::vector<ReadaheadWindow>;

/// A reader with its readahead state, and the pages that are in the cache (true: marked).
class Reader {
public:
  explicit Reader(std::uint64_t max) : readahead_(max) {}

  /// Reads `pages` pages from `first` on, as filemap_get_pages() does.
  void read(std::uint64_t first, std::uint64_t pages) {
    for (std::uint64_t index = first; index < first + pages; ++index) {
      if (cache.count(index) == 0) bring(readahead_.on_miss(index, first + pages - index));
      ASSERT_EQ(cache.count(index), 1U) << "page " << index << " was not brought";
      if (cache[index]) {
        cache[index] = false;
        std::uint64_t missing = index + 1;
        while (cache.count(missing) != 0) ++missing;
        const auto window = readahead_.on_mark(index, first + pages - index, missing);
        if (window) bring(*window);
      }
      readahead_.remember(index);
    }
  }

  Windows windows;
  std::map<std::uint64_t, bool> cache;

private:
  void bring(const ReadaheadWindow& window) {
    windows.push_back(window);
    const std::uint64_t end = window.start + window.size;
    for (std::uint64_t index = window.start; index < end; ++index) {
      if (cache.count(index) != 0) continue;
      cache[index] = window.async_size > 0 && index == end - window.async_size;
    }
  }

  Readahead readahead_;
};

std::vector<std::uint64_t> sizes(const Windows& windows) {
  std::vector<std::uint64_t> sizes;
  for (const ReadaheadWindow& window : windows) sizes.push_back(window.size);
  return sizes;
}

TEST(Readahead, FirstWindowFollowsGetInitRaSize) {
  // Up to a 32nd of the maximum four times the request, up to a quarter twice, else the maximum.
  const std::map<std::uint64_t, std::uint64_t> expected{{1, 4},   {2, 4},   {3, 8},   {4, 8},
                                                        {5, 16},  {8, 16},  {9, 32},  {16, 32},
                                                        {17, 32}, {32, 32}, {100, 32}};
  for (const auto& [request, size] : expected) {
    EXPECT_EQ(Readahead::first_size(request, 32), size) << request;
  }
  EXPECT_EQ(Readahead::first_size(64, 2048), 256U);
  EXPECT_EQ(Readahead::first_size(65, 2048), 256U);
  EXPECT_EQ(Readahead::first_size(512, 2048), 1024U);
  EXPECT_EQ(Readahead::first_size(513, 2048), 2048U);
}

TEST(Readahead, NextWindowFollowsGetNextRaSize) {
  // Below a 16th of the maximum four times, up to half of it twice, else the maximum.
  EXPECT_EQ(Readahead::next_size(1, 32), 4U);
  EXPECT_EQ(Readahead::next_size(2, 32), 4U);
  EXPECT_EQ(Readahead::next_size(16, 32), 32U);
  EXPECT_EQ(Readahead::next_size(17, 32), 32U);
  EXPECT_EQ(Readahead::next_size(127, 2048), 508U);
  EXPECT_EQ(Readahead::next_size(128, 2048), 256U);
}

TEST(Readahead, SinglePagesSequentially) {
  Reader reader(32);
  for (std::uint64_t page = 0; page < 92; ++page) reader.read(page, 1);
  const Windows expected{{0, 4, 3},    {4, 8, 8},    {12, 16, 16},
                         {28, 32, 32}, {60, 32, 32}, {92, 32, 32}};
  EXPECT_EQ(reader.windows, expected);
}

TEST(Readahead, SinglePagesSequentiallyWithALargeMaximum) {
  Reader reader(2048);  // 8 MiB
  for (std::uint64_t page = 0; page < 5972; ++page) reader.read(page, 1);
  const std::vector<std::uint64_t> expected{4, 16, 64, 256, 512, 1024, 2048, 2048, 2048};
  EXPECT_EQ(sizes(reader.windows), expected);
}

TEST(Readahead, LargeRequestsStartWithTheWholeWindowMarkedInTheMiddle) {
  Reader reader(32);
  for (std::uint64_t page = 0; page < 160; page += 16) reader.read(page, 16);
  ASSERT_GE(reader.windows.size(), 2U);
  EXPECT_EQ(reader.windows[0], (ReadaheadWindow{0, 32, 16}));
  EXPECT_EQ(reader.windows[1], (ReadaheadWindow{32, 32, 32})) << "started by the mark at page 16";
}

TEST(Readahead, RequestOfTheMaximumMarksTheMiddle) {
  Reader reader(32);  // 32 pages wanted: the window would meet its own mark, so it is merged
  reader.read(0, 32);
  EXPECT_EQ(reader.windows[0], (ReadaheadWindow{0, 32, 16}));
}

TEST(Readahead, RandomPagesBringOnlyThemselves) {
  Reader reader(32);
  for (const std::uint64_t page : {1000, 5, 77777, 400, 402, 9}) reader.read(page, 1);
  const Windows expected{{1000, 1, 0}, {5, 1, 0},   {77777, 1, 0},
                         {400, 1, 0},  {402, 1, 0}, {9, 1, 0}};
  EXPECT_EQ(reader.windows, expected);
  EXPECT_EQ(reader.cache.size(), 6U);
}

TEST(Readahead, RandomRequestOfSeveralPagesBringsExactlyThem) {
  Reader reader(32);
  reader.read(500, 7);
  EXPECT_EQ(reader.windows, (Windows{{500, 7, 0}}));
}

TEST(Readahead, RandomReadDoesNotDisturbTheStream) {
  Reader reader(32);
  for (std::uint64_t page = 0; page < 6; ++page) reader.read(page, 1);
  reader.read(90000, 1);
  for (std::uint64_t page = 6; page < 28; ++page) reader.read(page, 1);
  // The window that was open goes on growing where it was.
  const Windows expected{{0, 4, 3}, {4, 8, 8}, {12, 16, 16}, {90000, 1, 0}, {28, 32, 32}};
  EXPECT_EQ(reader.windows, expected);
}

TEST(Readahead, SecondAdjacentMissStartsAStream) {
  Reader reader(32);
  reader.read(1000, 1);
  reader.read(1001, 1);
  EXPECT_EQ(reader.windows, (Windows{{1000, 1, 0}, {1001, 4, 3}}));
}

TEST(Readahead, MissAtTheEndOfTheWindowContinuesIt) {
  Readahead readahead(32);
  EXPECT_EQ(readahead.on_miss(0, 1), (ReadaheadWindow{0, 4, 3}));
  readahead.remember(0);
  // The mark was never met (page 1 was skipped): the window still ramps up, from 4 to 8; as it
  // would meet its own mark at once, the one after it (16) is merged into it.
  EXPECT_EQ(readahead.on_miss(4, 1), (ReadaheadWindow{4, 24, 16}));
}

TEST(Readahead, ForeignMarkReadsFromTheFirstMissingPage) {
  Readahead readahead(32);
  // Another reader has brought pages 100 to 107 with a mark at 104; this one has no state.
  const auto window = readahead.on_mark(104, 1, 108);
  ASSERT_TRUE(window);
  EXPECT_EQ(*window, (ReadaheadWindow{108, 10, 10})) << "4 pages ahead and 1 wanted, doubled";
  EXPECT_FALSE(Readahead(32).on_mark(104, 1, 104 + 33)) << "far enough ahead already";
}

TEST(Readahead, ZeroMaximumReadsOnlyWhatIsAskedFor) {
  Reader reader(0);
  reader.read(0, 5);
  reader.read(5, 1);
  EXPECT_EQ(reader.windows, (Windows{{0, 5, 0}, {5, 1, 0}}));
}

TEST(Readahead, WindowNeverExceedsTheMaximum) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 100; ++trial) {
    const std::uint64_t max = 1 + random() % (trial % 2 == 0 ? 8 : 300);
    Reader reader(max);
    std::uint64_t page = 0;
    for (int step = 0; step < 20; ++step) {
      if (random() % 4 == 0) page = random() % 1000;
      const std::uint64_t pages = 1 + random() % (2 * max);
      reader.read(page, pages);
      page += pages - random() % 2;
    }
    for (const ReadaheadWindow& window : reader.windows) {
      ASSERT_LE(window.size, max) << window << " of at most " << max;
      ASSERT_GE(window.size, 1U) << window;
      ASSERT_LE(window.async_size, window.size) << window;
    }
  }
}

TEST(Readahead, SequentialReaderKeepsAheadOfItself) {
  // Once the stream is recognised every window is read before its first page is wanted.
  for (const std::uint64_t request : {1, 2, 3, 5, 16}) {
    Reader reader(32);
    std::uint64_t page = 0;
    while (page < 64) reader.read(page, request), page += request;
    for (; page < 1000; page += request) {
      for (std::uint64_t i = page; i < page + request; ++i) {
        ASSERT_EQ(reader.cache.count(i), 1U) << "page " << i << ", requests of " << request;
      }
      reader.read(page, request);
    }
  }
}

}  // namespace
}  // namespace copypath
