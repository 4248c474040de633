// Laws of the page cache: every page of a file that is read is read once, nothing beyond its end,
// whoever reads it and in whatever pieces; the page that was used longest ago goes first, but none
// that is locked or referenced; when all is done, memory holds the resident pages and nothing else.
#include "models/kernel/page_cache.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

constexpr std::uint64_t kPage = 4096;

class PageCacheTest : public KernelTest {
protected:
  PageCacheTest() {
    config_.workload.files = 4;
    set_pages(1000);
  }

  void set_pages(std::uint64_t pages) { config_.workload.file_size = Bytes(pages * kPage); }
  /// The smallest cache, that reads only what is asked for: 256 pages.
  void use_small_cache() {
    config_.page_cache.size = kMiB;
    config_.page_cache.readahead = Bytes(0);
  }

  /// Reads the file from its position on, as read() would in a loop.
  void read(Task& task, OpenFile& file, std::uint64_t bytes) {
    SegmentList pages;
    for (Bytes left(bytes); left > Bytes(0);) {
      pages.clear();
      page_cache().get_pages(task, file, left, pages);
      ASSERT_FALSE(pages.empty());
      file.position += size_of(pages);
      left -= size_of(pages);
      for (const Segment& page : pages) page_cache().put_pages(page);
    }
  }
  void read_page(Task& task, OpenFile& file, std::uint64_t index) {
    file.position = Bytes(index * kPage);
    read(task, file, kPage);
  }
  /// Whether that page is resident; it is read if not.
  bool hits(Task& task, OpenFile& file, std::uint64_t index) {
    const std::uint64_t before = page_cache().misses();
    read_page(task, file, index);
    return page_cache().misses() == before;
  }
  std::uint64_t frames_in_use() { return bench().frames_in_use(); }
};

TEST_F(PageCacheTest, SequentialReaderReadsEachPageOnce) {
  config_.workload.file_size = Bytes(1'000'001);
  const std::uint64_t pages = 245;
  for (const std::uint64_t chunk : {1000, 4096, 65'536, 1'000'001}) {
    spawn_task([=](Task& task) {
      OpenFile file = page_cache().open(chunk % 4);  // 0 twice: the second one finds it there
      while (file.left() > Bytes(0)) read(task, file, std::min(chunk, file.left().count()));
    });
  }
  run();
  EXPECT_EQ(bench().disk_bytes(), 2 * 1'000'001U) << "files 0 and 1, to the byte";
  EXPECT_EQ(page_cache().misses(), 2 * pages);
  EXPECT_EQ(page_cache().resident(), 2 * pages);
  EXPECT_EQ(frames_in_use(), 2 * pages);
}

TEST_F(PageCacheTest, HitsAreWhatWasTakenBeyondTheMisses) {
  set_pages(10);
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    for (std::uint64_t page = 0; page < 10; ++page) read_page(task, file, page);
    EXPECT_EQ(page_cache().misses(), 10U);
    EXPECT_EQ(page_cache().hits(), 0U) << "readahead brought them for this reader";
    for (std::uint64_t page = 0; page < 10; ++page) read_page(task, file, page);
    EXPECT_EQ(page_cache().misses(), 10U);
    EXPECT_EQ(page_cache().hits(), 10U);
  });
  run();
}

TEST_F(PageCacheTest, ReadaheadWindowsAreOneCommandEach) {
  set_pages(256);
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    while (file.left() > Bytes(0)) read(task, file, 16 * kPage);
  });
  run();
  EXPECT_EQ(bench().disk_commands(), 256U / 32);
}

TEST_F(PageCacheTest, MarkedPageStartsTheNextWindowAheadOfItsUse) {
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    read(task, file, 16 * kPage);  // brings pages 0 to 31 and marks page 16
    EXPECT_EQ(bench().disk_commands(), 1U);
    read(task, file, kPage);
    task.spend(milliseconds(1));
    task.settle();
    EXPECT_EQ(bench().disk_commands(), 2U);
    EXPECT_EQ(bench().disk_bytes(), 64 * kPage) << "nobody has asked for these pages yet";
  });
  run();
}

TEST_F(PageCacheTest, WindowLeavesOutWhatIsResident) {
  set_pages(32);
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    read_page(task, file, 5);
    EXPECT_EQ(bench().disk_commands(), 1U);
    file.position = Bytes(0);
    read(task, file, 16 * kPage);  // brings pages 0 to 31
  });
  run();
  EXPECT_EQ(bench().disk_commands(), 3U) << "pages 0 to 4 and 6 to 31";
  EXPECT_EQ(bench().disk_bytes(), 32 * kPage) << "page 5 only once";
}

TEST_F(PageCacheTest, RandomPagesBringOnlyThemselves) {
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    for (const std::uint64_t page : {900, 3, 500, 77}) read_page(task, file, page);
  });
  run();
  EXPECT_EQ(page_cache().resident(), 4U);
}

TEST_F(PageCacheTest, TwoReadersShareTheReads) {
  set_pages(500);
  for (int i = 0; i < 2; ++i) {
    spawn_task(microseconds(i), [=](Task& task) {
      OpenFile file = page_cache().open(0);
      while (file.left() > Bytes(0)) read(task, file, 4 * kPage);
    });
  }
  run();
  EXPECT_EQ(bench().disk_bytes(), 500 * kPage);
  EXPECT_EQ(page_cache().misses(), 500U);
  EXPECT_EQ(page_cache().hits(), 500U) << "what the second one took";
}

TEST_F(PageCacheTest, SecondReaderWaitsForTheSameRead) {
  const Process* ends[2];
  for (int i = 0; i < 2; ++i) {
    ends[i] = &spawn_task(microseconds(40 * i), [=](Task& task) {
      OpenFile file = page_cache().open(0);
      read_page(task, file, 100);
    });
  }
  run();
  EXPECT_EQ(bench().disk_commands(), 1U);
  EXPECT_GT(ends[0]->finish, config_.disk.latency);
  EXPECT_LT(ends[1]->finish, ends[0]->finish + microseconds(2)) << "not another latency";
}

TEST_F(PageCacheTest, LeastRecentlyUsedGoesFirst) {
  use_small_cache();
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    for (std::uint64_t page = 0; page < 256; ++page) read_page(task, file, page);
    EXPECT_EQ(page_cache().evictions(), 0U);
    EXPECT_TRUE(hits(task, file, 0));  // now page 1 is the oldest
    EXPECT_FALSE(hits(task, file, 256));
    EXPECT_EQ(page_cache().evictions(), 1U);
    EXPECT_TRUE(hits(task, file, 0));
    EXPECT_TRUE(hits(task, file, 2));
    EXPECT_FALSE(hits(task, file, 1)) << "evicts page 3";
    EXPECT_TRUE(hits(task, file, 4));
    EXPECT_FALSE(hits(task, file, 3));
  });
  run();
  EXPECT_EQ(page_cache().resident(), 256U);
  EXPECT_EQ(frames_in_use(), 256U);
}

// 64 pages by one readahead take the places of the 64 oldest, but for those in use between them.
TEST_F(PageCacheTest, WindowTakesThePlacesOfTheOldestPages) {
  use_small_cache();
  config_.page_cache.readahead = kKiB * 128;
  set_pages(256);
  spawn_task([=](Task& task) {
    OpenFile old = page_cache().open(0);
    read(task, old, 256 * kPage);
    SegmentList held;
    old.position = Bytes(5 * kPage);
    page_cache().get_pages(task, old, Bytes(kPage), held);
    EXPECT_TRUE(hits(task, old, 7));  // now 0 to 4 are the oldest, then 6, 8 and so on
    OpenFile fresh = page_cache().open(1);
    const std::uint64_t before = page_cache().misses();
    read(task, fresh, 64 * kPage);
    const std::uint64_t added = page_cache().misses() - before;
    EXPECT_EQ(page_cache().evictions(), added);
    EXPECT_EQ(page_cache().resident(), 256U);
    EXPECT_EQ(frames_in_use(), 256U) << "in the frames of those that went";
    for (const std::uint64_t page : {std::uint64_t{5}, std::uint64_t{7}, added + 2}) {
      EXPECT_TRUE(hits(task, old, page)) << page;
    }
    page_cache().put_pages(held.front());
  });
  run();
}

TEST_F(PageCacheTest, RunsAreThePagesThatAreAdjacentInMemory) {
  config_.workload.file_size = Bytes(20 * kPage + 100);
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    while (file.left() > Bytes(0)) read(task, file, file.left().count());
    file.position = Bytes(1000);
    SegmentList pages;
    SegmentList runs;
    page_cache().get_pages(task, file, file.left(), pages);
    page_cache().get_runs(task, file, file.left(), runs);
    EXPECT_EQ(pages.size(), 21U) << "each in a segment of its own";
    EXPECT_EQ(pages.front().bytes, kPage - 1000);
    EXPECT_EQ(pages.back().bytes, 100U);
    SegmentList joined;
    for (const Segment& page : pages) append(joined, page);
    ASSERT_EQ(runs.size(), joined.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      EXPECT_EQ(runs[i].address, joined[i].address);
      EXPECT_EQ(runs[i].bytes, joined[i].bytes);
    }
    for (const Segment& page : pages) page_cache().put_pages(page);
    for (const Segment& run : runs) page_cache().put_pages(run);
  });
  run();
}

TEST_F(PageCacheTest, ReferencedPagesStay) {
  use_small_cache();
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    SegmentList held;
    page_cache().get_pages(task, file, Bytes(3 * kPage), held);
    for (std::uint64_t page = 3; page < 900; ++page) read_page(task, file, page);
    for (std::uint64_t page = 0; page < 3; ++page) EXPECT_TRUE(hits(task, file, page)) << page;
    EXPECT_EQ(page_cache().resident(), 256U);
    for (const Segment& page : held) page_cache().put_pages(page);
    for (std::uint64_t page = 3; page < 900; ++page) read_page(task, file, page);
    EXPECT_FALSE(hits(task, file, 0)) << "nobody holds it any more";
  });
  run();
}

TEST_F(PageCacheTest, LockedPagesStayEvenBeyondTheCapacity) {
  use_small_cache();
  for (std::uint32_t i = 0; i < 4; ++i) {  // 400 pages are being read at the same time
    spawn_task([=](Task& task) {
      OpenFile file = page_cache().open(i);
      read(task, file, 100 * kPage);
    });
  }
  spawn_task(milliseconds(5), [=](Task& task) {
    EXPECT_EQ(page_cache().misses(), 400U) << "each once";
    OpenFile file = page_cache().open(0);
    read_page(task, file, 999);
    EXPECT_EQ(page_cache().resident(), 256U) << "back to its size";
  });
  run();
  EXPECT_EQ(frames_in_use(), 256U);
}

TEST_F(PageCacheTest, PageThatIsLostWhileItsReaderIsPreemptedIsReadAgain) {
  use_small_cache();
  config_.cpu.cores = 1;
  config_.cpu.time_slice = microseconds(1);
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(0);
    file.position = Bytes(500 * kPage);
    task.spend(milliseconds(10));  // passes after page 500 was looked up, and was missing
    read(task, file, 64 * kPage);
  });
  spawn_task(microseconds(1), [=](Task& task) {
    OpenFile same = page_cache().open(0);
    read_page(task, same, 500);  // now it is there,
    OpenFile other = page_cache().open(1);
    read(task, other, 255 * kPage);  // and the first to go
  });
  run();
  EXPECT_EQ(page_cache().resident(), 256U);
}

TEST_F(PageCacheTest, WarmUpTakesNoTimeAndNoBandwidth) {
  set_pages(100);
  page_cache().warm_up(0.5, bench().memory.bus);
  EXPECT_EQ(page_cache().resident(), 4U * 50);
  spawn_task([=](Task& task) {
    OpenFile file = page_cache().open(3);
    EXPECT_TRUE(hits(task, file, 0));
    EXPECT_TRUE(hits(task, file, 49));
    EXPECT_EQ(bench().disk_commands(), 0U);
    EXPECT_FALSE(hits(task, file, 50));
  });
  run();
}

}  // namespace
}  // namespace copypath
