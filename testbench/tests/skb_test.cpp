// Laws of socket buffers: copied payload lies in 32 KiB page fragments that are shared by the skbs
// of a socket and freed with the last of them; payload by reference is one fragment per page; an
// skb is full at its goal or at 17 fragments.
#include "models/kernel/skb.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

class SkbTest : public KernelTest {
protected:
  SkbAllocator& skbs() { return bench().kernel.skbs; }
  Skb* allocate() {
    if (bench().sockets.empty()) bench().add_socket();
    return skbs().allocate(*bench().sockets.front(), 0);
  }
  std::uint64_t frames() { return bench().frames_in_use(); }

  /// Appends `bytes` of kernel memory, piece by piece.
  void append(Skb& skb, PageFragment& cursor, std::uint64_t bytes) {
    for (Bytes left(bytes); left > Bytes(0);) {
      left -= Bytes(skbs().append_memory(skb, cursor, left).bytes);
    }
  }
};

TEST_F(SkbTest, CopiedPayloadTakesTwoOrThreeFragments) {
  PageFragment cursor;
  Skb* const first = allocate();
  append(*first, cursor, 65160);  // 32768 and 32392
  EXPECT_EQ(first->fragment_count, 2U);
  EXPECT_EQ(first->bytes, Bytes(65160));
  Skb* const second = allocate();
  append(*second, cursor, 65160);  // 376, 32768 and 32016
  EXPECT_EQ(second->fragment_count, 3U);
  EXPECT_EQ(second->runs[0].segment.bytes, 376U);
}

TEST_F(SkbTest, AdjacentCopiesShareAFragment) {
  PageFragment cursor;
  Skb* const skb = allocate();
  for (int i = 0; i < 100; ++i) append(*skb, cursor, 300);
  EXPECT_EQ(skb->fragment_count, 1U);
  EXPECT_EQ(skb->runs[0].segment.bytes, 30'000U);
}

TEST_F(SkbTest, SocketsDoNotShareFragments) {
  PageFragment one, two;
  Skb* const skb = allocate();
  append(*skb, one, 100);
  append(*skb, two, 100);
  append(*skb, one, 100);
  EXPECT_EQ(skb->fragment_count, 3U) << "neither continues the other";
  EXPECT_EQ(frames(), 16U);
}

TEST_F(SkbTest, PiecesDoNotOverlap) {
  PageFragment cursor;
  std::uint64_t last_end = 0;
  std::vector<Segment> pieces;
  Skb* skb = allocate();
  for (const std::uint64_t bytes : {1, 4095, 32768, 40000, 7, 32767}) {
    for (Bytes left(bytes); left > Bytes(0);) {
      pieces.push_back(skbs().append_memory(*skb, cursor, left));
      left -= Bytes(pieces.back().bytes);
      if (skb->fragment_count == Skb::kMaxFragments) skb = allocate();
    }
  }
  for (const Segment& piece : pieces) {
    EXPECT_GE(piece.address, last_end);
    last_end = piece.address + piece.bytes;
  }
}

TEST_F(SkbTest, SharedMemoryLivesAsLongAsItsLastSkb) {
  PageFragment cursor;
  Skb* const first = allocate();
  Skb* const second = allocate();
  append(*first, cursor, 20'000);
  append(*second, cursor, 20'000);  // the rest of the first 32 KiB, and the beginning of the second
  EXPECT_EQ(frames(), 16U);
  skbs().free(first);
  EXPECT_EQ(frames(), 16U) << "the second one holds both";
  skbs().free(second);
  EXPECT_EQ(frames(), 8U) << "the socket goes on to fill the second 32 KiB";
  EXPECT_EQ(skbs().in_use(), 0U);
}

TEST_F(SkbTest, IsFullAtItsGoalOrAt17Fragments) {
  PageFragment cursor;
  Skb* skb = allocate();
  append(*skb, cursor, 999);
  EXPECT_FALSE(skb->full(Bytes(1000)));
  append(*skb, cursor, 1);
  EXPECT_TRUE(skb->full(Bytes(1000)));
  skb = allocate();
  std::vector<PageFragment> cursors(17);
  for (PageFragment& next : cursors) {
    EXPECT_FALSE(skb->full(Bytes(1000)));
    append(*skb, next, 1);
  }
  EXPECT_TRUE(skb->full(Bytes(1000)));
}

TEST_F(SkbTest, FreedSkbComesBackEmpty) {
  PageFragment cursor;
  Skb* const skb = allocate();
  append(*skb, cursor, 5000);
  skb->in_device = true;
  skb->acknowledged = true;
  skbs().free(skb);
  Skb* const again = allocate();
  EXPECT_EQ(again, skb) << "reused";
  EXPECT_EQ(again->bytes, Bytes(0));
  EXPECT_EQ(again->fragment_count, 0U);
  EXPECT_FALSE(again->in_device);
  EXPECT_FALSE(again->acknowledged);
}

TEST_F(SkbTest, PagesAreAFragmentEachEvenIfTheyAreNeighbours) {
  config_.page_cache.readahead = Bytes(0);
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    SegmentList pages;
    page_cache().get_pages(task, file, Bytes(3 * 4096), pages);
    Skb* const skb = allocate();
    for (const Segment& page : pages) skbs().append(*skb, {page, Place::kPageCache});
    EXPECT_EQ(skb->fragment_count, 3U) << "skb_can_coalesce() looks at one page";
    skbs().free(skb);
  });
  run();
}

TEST_F(SkbTest, AdjacentPagesCountOneByOneAndAreAtMost17) {
  for (const std::uint32_t skip : {0U, 1U, 4095U}) {
    const std::uint32_t bytes = 20 * 4096;
    Fragment rest{{81'920 + skip, bytes}, Place::kUserBuffer};
    EXPECT_EQ(rest.count(), skip == 0 ? 20U : 21U) << skip;
    Skb* const skb = allocate();
    const std::uint32_t room = skbs().room_for(rest, *skb);
    EXPECT_EQ(room, 17 * 4096 - skip);
    skbs().append(*skb, skbs().cut_off(rest, room));
    EXPECT_EQ(skb->fragment_count, Skb::kMaxFragments) << "MAX_SKB_FRAGS";
    EXPECT_EQ(skb->run_count, 1U);
    EXPECT_EQ(rest.segment.address, 81'920U + 17 * 4096) << "at the beginning of a page";
    EXPECT_EQ(rest.segment.bytes, bytes - room);
    skbs().free(skb);
  }
}

TEST_F(SkbTest, WhatGoesOnWithinAPageTakesNoFragment) {
  Skb* const skb = allocate();
  Fragment rest{{81'920, 3 * 4096}, Place::kUserBuffer};
  skbs().append(*skb, skbs().cut_off(rest, 100));
  EXPECT_EQ(skb->fragment_count, 1U);
  EXPECT_EQ(skbs().room_for(rest, *skb), 3U * 4096 - 100);
  skbs().append(*skb, rest);
  EXPECT_EQ(skb->fragment_count, 3U);
  EXPECT_EQ(skb->bytes, Bytes(3 * 4096));
  skbs().free(skb);
}

TEST_F(SkbTest, PageIsReleasedOnceHoweverManyPiecesItCameIn) {
  config_.page_cache.size = kMiB;
  config_.page_cache.readahead = Bytes(0);
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    Skb* const skb = allocate();
    SegmentList pages;
    for (int i = 0; i < 4; ++i) {
      pages.clear();
      page_cache().get_pages(task, file, Bytes(1000), pages);
      file.position += Bytes(1000);
      skbs().append(*skb, {pages.front(), Place::kPageCache});
    }
    EXPECT_EQ(skb->fragment_count, 1U);
    EXPECT_EQ(skb->bytes, Bytes(4000));
    const auto read_others = [&] {
      for (std::uint64_t page = 1; page < 400; ++page) {
        file.position = Bytes(page * 4096);
        pages.clear();
        page_cache().get_pages(task, file, Bytes(4096), pages);
        page_cache().put_pages(pages.front());
      }
      const std::uint64_t misses = page_cache().misses();
      file.position = Bytes(0);
      pages.clear();
      page_cache().get_pages(task, file, Bytes(1), pages);
      page_cache().put_pages(pages.front());
      return page_cache().misses() > misses;
    };
    EXPECT_FALSE(read_others()) << "the skb holds the page";
    skbs().free(skb);
    EXPECT_TRUE(read_others()) << "nobody holds it";
  });
  run();
}

}  // namespace
}  // namespace copypath
