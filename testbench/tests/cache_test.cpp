// Laws of the last-level cache: what was touched last is resident, up to its size; DRAM delivers a
// line once and takes back a dirty one once; DMA reads what is there and fills no more than its
// share. A naive model (naive_cache.h) says the same on random traffic.
#include "models/memory/cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "testbench/tests/naive_cache.h"

namespace copypath {
namespace {

constexpr Movement kCopy = Movement::kCopyToUser;
constexpr Movement kLoad = Movement::kChecksumPage;
constexpr Movement kStore = Movement::kFileWrite;
constexpr Movement kDmaRead = Movement::kTransmitPage;
constexpr Movement kDmaWrite = Movement::kDiskRead;

class CacheTest : public ::testing::Test {
protected:
  /// Sizes in pages.
  Cache& build(unsigned size, double ddio = 0, bool write_allocate = false,
               bool dma_write_allocate = true, double dma_share = 1) {
    CacheConfig config;
    config.dma_write_allocate = dma_write_allocate;
    config.dma_share = dma_share;
    config.size = kPageSize * size;
    config.ddio = ddio;
    cache_ = std::make_unique<Cache>(
        config, write_allocate,
        [this](Movement by, Bytes bytes, Bytes) { written_back_[by] += bytes.count(); });
    return *cache_;
  }

  static SegmentList pages(Frame first, unsigned count = 1) {
    return {{address_of(first), static_cast<std::uint32_t>(count * kPageSize.count())}};
  }
  Cache::Outcome load(const SegmentList& from) {
    return cache_->transfer(kLoad, &from, nullptr, Bytes(0));
  }
  Cache::Outcome store(const SegmentList& to) {
    return cache_->transfer(kStore, nullptr, &to, size_of(to));
  }
  Cache::Outcome copy(const SegmentList& from, const SegmentList& to) {
    return cache_->transfer(kCopy, &from, &to, size_of(to));
  }
  Cache::Outcome dma_read(const SegmentList& from) {
    return cache_->transfer(kDmaRead, &from, nullptr, Bytes(0));
  }
  Cache::Outcome dma_write(const SegmentList& to) {
    return cache_->transfer(kDmaWrite, nullptr, &to, size_of(to));
  }

  std::map<Movement, std::uint64_t> written_back_;

private:
  std::unique_ptr<Cache> cache_;
};

TEST_F(CacheTest, DramDeliversALineOnceWhileItIsResident) {
  Cache& cache = build(8);
  const Cache::Outcome first = load(pages(0, 8));
  EXPECT_EQ(first.read, kPageSize * 8);
  EXPECT_EQ(first.hits(), 0U);
  const Cache::Outcome second = load(pages(0, 8));
  EXPECT_EQ(second.read, Bytes(0));
  EXPECT_EQ(second.hit_share(), 1);
  EXPECT_EQ(cache.resident(), kPageSize * 8);
}

TEST_F(CacheTest, TheLeastRecentlyUsedPageMakesRoom) {
  build(3);
  load(pages(0, 3));
  load(pages(0));  // now page 1 is the oldest
  load(pages(7));
  EXPECT_EQ(load(pages(0)).read, Bytes(0));
  EXPECT_EQ(load(pages(2)).read, Bytes(0));
  EXPECT_EQ(load(pages(1)).read, kPageSize);
}

// The cliff of LRU: one page more than fits, again and again, never hits.
TEST_F(CacheTest, AStreamThatDoesNotFitNeverHits) {
  build(8);
  for (int round = 0; round < 3; ++round) EXPECT_EQ(load(pages(0, 9)).hits(), 0U);
}

TEST_F(CacheTest, DirtyLinesAreWrittenBackOnceAndChargedToWhoWroteThem) {
  Cache& cache = build(4);
  const SegmentList from = pages(0);
  const SegmentList to = pages(1);
  cache.transfer(kCopy, &from, &to, kPageSize);
  EXPECT_EQ(cache.dirty(), kPageSize);
  const Cache::Outcome outcome = load(pages(10, 4));
  EXPECT_EQ(outcome.written_back, kPageSize) << "page 0 was clean";
  EXPECT_EQ(written_back_, (std::map<Movement, std::uint64_t>{{kCopy, kPageSize.count()}}));
  EXPECT_EQ(load(pages(20, 4)).written_back, Bytes(0));
}

TEST_F(CacheTest, AStoreToWhatIsResidentAndDirtyCostsNothing) {
  build(4);
  store(pages(0));
  for (int i = 0; i < 10; ++i) {
    const Cache::Outcome again = store(pages(0));
    EXPECT_EQ(again.read + again.written + again.written_back, Bytes(0));
  }
}

TEST_F(CacheTest, WriteAllocateReadsTheLinesThatAreMissing) {
  build(4, 0, true);
  EXPECT_EQ(store(pages(0)).read, kPageSize);
  EXPECT_EQ(store(pages(0)).read, Bytes(0));
  build(4, 0, false);
  EXPECT_EQ(store(pages(0)).read, Bytes(0));
}

TEST_F(CacheTest, PartOfAPageCountsTheLinesItTouches) {
  Cache& cache = build(4);
  EXPECT_EQ(load({{100, 100}}).read, Bytes(3 * 64)) << "bytes 100 to 199: lines 1, 2 and 3";
  EXPECT_EQ(cache.resident(), Bytes(3 * 64));
  EXPECT_EQ(load({{0, 256}}).read, Bytes(64)) << "line 0";
  EXPECT_EQ(load({{4095, 2}}).read, Bytes(2 * 64)) << "the last line of a page, the first of one";
}

TEST_F(CacheTest, ATransformWritesOnlyWhatItProduces) {
  Cache& cache = build(8);
  const SegmentList from = pages(0, 2);
  const SegmentList to = pages(4, 2);
  cache.transfer(Movement::kCompress, &from, &to, Bytes(1000));
  EXPECT_EQ(cache.dirty(), Bytes(16 * 64));
}

TEST_F(CacheTest, DmaReadsWhatIsResidentAndBringsNothingIn) {
  Cache& cache = build(4);
  store(pages(0));
  EXPECT_EQ(dma_read(pages(0)).read, Bytes(0));
  EXPECT_EQ(cache.dirty(), kPageSize) << "it stays";
  EXPECT_EQ(dma_read(pages(5)).read, kPageSize);
  EXPECT_EQ(dma_read(pages(5)).read, kPageSize);
  EXPECT_EQ(cache.resident(), kPageSize);
  EXPECT_EQ(dma_read({{address_of(5), 1000}}).read, Bytes(1000)) << "bytes, not lines";
}

TEST_F(CacheTest, ADmaReadIsNoUse) {
  build(2);
  load(pages(0));
  load(pages(1));
  dma_read(pages(0));
  load(pages(2));
  EXPECT_EQ(load(pages(0)).read, kPageSize) << "still the oldest";
}

TEST_F(CacheTest, WithoutAShareDmaWritesToDramAndInvalidates) {
  Cache& cache = build(4);
  store(pages(0));
  const Cache::Outcome outcome = dma_write(pages(0));
  EXPECT_EQ(outcome.written, kPageSize);
  EXPECT_EQ(outcome.written_back, Bytes(0)) << "what is overwritten needs not be saved";
  EXPECT_EQ(cache.resident(), Bytes(0));
  EXPECT_EQ(load(pages(0)).read, kPageSize);
  EXPECT_EQ(dma_write(pages(7)).written, kPageSize) << "and brings nothing in";
  EXPECT_EQ(cache.resident(), kPageSize);
}

TEST_F(CacheTest, ALineThatDmaOverwritesInPartIsSavedFirst) {
  Cache& cache = build(4);
  store(pages(0));
  const Cache::Outcome outcome = dma_write({{32, 128}});  // all of line 1, half of lines 0 and 2
  EXPECT_EQ(outcome.written, Bytes(128));
  EXPECT_EQ(outcome.written_back, Bytes(2 * 64));
  EXPECT_EQ(cache.dirty(), kPageSize - Bytes(3 * 64));
}

TEST_F(CacheTest, DmaFillsItsShareAndEvictsItsOwnFirst) {
  Cache& cache = build(10, 0.2);
  load(pages(0, 8));
  EXPECT_EQ(dma_write(pages(20, 2)).written, Bytes(0));
  EXPECT_EQ(cache.resident_by_dma(), kPageSize * 2);
  const Cache::Outcome third = dma_write(pages(22));
  EXPECT_EQ(third.written_back, kPageSize) << "page 20 makes room, and goes to DRAM";
  EXPECT_EQ(written_back_, (std::map<Movement, std::uint64_t>{{kDmaWrite, kPageSize.count()}}));
  EXPECT_EQ(cache.resident_by_dma(), kPageSize * 2);
  EXPECT_EQ(load(pages(0, 8)).hit_share(), 1) << "the cores keep theirs";
  EXPECT_EQ(load(pages(21, 2)).hit_share(), 1) << "and find what DMA has left";
}

TEST_F(CacheTest, DmaUpdatesInPlaceWhatIsResident) {
  Cache& cache = build(10, 0.1);
  load(pages(0, 5));
  const Cache::Outcome outcome = dma_write(pages(0, 5));
  EXPECT_EQ(outcome.hits(), 5U * 64);
  EXPECT_EQ(outcome.written + outcome.written_back, Bytes(0));
  EXPECT_EQ(cache.dirty(), kPageSize * 5);
  EXPECT_EQ(cache.resident_by_dma(), Bytes(0)) << "they stay the cores'";
}

// Buffers that DMA fills and a core reads, over and over: all hits if they fit the share, none if
// they do not, as each has gone when DMA comes back to it.
TEST_F(CacheTest, WithoutWriteAllocateDmaUpdatesOnlyWhatIsResident) {
  for (const unsigned buffers : {3U, 4U}) {
    Cache& cache = build(10, 0.3, false, false);
    const SegmentList all = pages(20, buffers);
    EXPECT_EQ(dma_write(all).written, kPageSize * buffers) << "past the cache";
    EXPECT_EQ(cache.resident(), Bytes(0));
    EXPECT_EQ(load(all).missed_share(), 1);
    EXPECT_EQ(cache.resident_by_dma(), kPageSize * 3);
    const Cache::Outcome again = dma_write(pages(20));
    EXPECT_EQ(again.written, buffers > 3 ? kPageSize : Bytes(0));
    EXPECT_EQ(cache.dirty(), buffers > 3 ? Bytes(0) : kPageSize);
    EXPECT_EQ(load(pages(20)).missed_share(), buffers > 3 ? 1 : 0);
    EXPECT_EQ(load(pages(0, 7)).missed_share(), 1);
    EXPECT_EQ(load(pages(0, 7)).missed_share(), 0) << "the cores have the rest";
  }
}

TEST_F(CacheTest, OfPagesThatDmaWritesAShareIsInTheCacheAndTheRestIsForgotten) {
  Cache& cache = build(16, 1, false, true, 0.25);
  load(pages(0, 8));
  const Cache::Outcome outcome = dma_write(pages(0, 8));
  EXPECT_EQ(outcome.written, kPageSize * 6);
  EXPECT_EQ(cache.resident(), kPageSize * 2);
  EXPECT_EQ(load(pages(0, 8)).missed_share(), 0.75);
  EXPECT_EQ(dma_write(pages(8, 4)).written, kPageSize * 3) << "the same of what is missing";
}

TEST_F(CacheTest, WithoutWriteAllocateTheMissingLinesOfAPageGoToDram) {
  Cache& cache = build(8, 0.5, false, false);
  load({{0, 1024}});
  const Cache::Outcome outcome = dma_write(pages(0));
  EXPECT_EQ(outcome.written, kPageSize - Bytes(1024));
  EXPECT_EQ(outcome.hits(), 16U);
  EXPECT_EQ(cache.dirty(), Bytes(1024));
  EXPECT_EQ(store(pages(0)).misses, 48U);
  EXPECT_EQ(cache.resident_by_dma(), Bytes(0)) << "a core has brought it in, and written it";
}

TEST_F(CacheTest, WhatACoreHasWrittenComesIntoTheCoresPart) {
  Cache& cache = build(4, 0.5, false, false);
  dma_write(pages(0));
  load(pages(0));
  EXPECT_EQ(cache.resident_by_dma(), kPageSize);
  EXPECT_EQ(store(pages(0)).misses, 0U);
  load(pages(10, 4));
  EXPECT_EQ(load(pages(0)).missed_share(), 1) << "it had to go";
  EXPECT_EQ(cache.resident_by_dma(), Bytes(0));
}

struct Policy {
  double ddio;
  bool dma_write_allocate;
  double dma_share;
};

class CacheAgainstNaive : public CacheTest, public ::testing::WithParamInterface<Policy> {};

INSTANTIATE_TEST_SUITE_P(Policies, CacheAgainstNaive,
                         ::testing::Values(Policy{0.25, true, 1}, Policy{0.5, true, 1},
                                           Policy{0.25, false, 1}, Policy{0.5, false, 1},
                                           Policy{0.5, true, 0.75}, Policy{0.5, false, 0.75}),
                         [](const auto& one) {
                           const Policy& policy = one.param;
                           return std::string(policy.dma_write_allocate ? "" : "No") +
                                  "WriteAllocate" + (policy.dma_share < 1 ? "OfSome" : "") +
                                  std::to_string(static_cast<int>(100 * policy.ddio));
                         });

TEST_P(CacheAgainstNaive, AgreeOnRandomTraffic) {
  constexpr unsigned kSize = 8;
  constexpr Frame kFrames = 14;
  const auto [ddio, dma_write_allocate, dma_share] = GetParam();
  std::mt19937 random(11);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Cache& cache = build(kSize, ddio, false, dma_write_allocate, dma_share);
  NaiveCache naive{};
  naive.most = kSize * 64;
  naive.most_dma = static_cast<std::size_t>(kSize * 64 * ddio);
  naive.dma_write_allocate = dma_write_allocate;
  naive.dma_share = dma_share;
  std::uint64_t read = 0;
  std::uint64_t written = 0;
  std::uint64_t saved = 0;
  for (int i = 0; i < 20000; ++i) {
    // A part of a page, or some whole pages in a row.
    const unsigned count = 1 + (below(2) == 0 ? 0 : below(4));
    const bool part = count == 1 && below(2) == 0;
    const unsigned first = part ? below(64) : 0;
    const unsigned end = part ? first + 1 + below(64 - first) : 64;
    const Frame frame = below(kFrames - count);
    const Frame other = below(kFrames - count);
    const auto list = [&](Frame begin) {
      return SegmentList{{address_of(begin) + first * 64, (64 * (count - 1) + end - first) * 64}};
    };
    const auto use = [&](Frame begin, Movement by) { naive.use(begin, first, end, by); };
    Cache::Outcome outcome;
    switch (below(4)) {
      case 0:
        outcome = load(list(frame));
        for (Frame page = 0; page < count; ++page) use(frame + page, kLoad);
        break;
      case 1:
        outcome = store(list(frame));
        for (Frame page = 0; page < count; ++page) use(frame + page, kStore);
        break;
      case 2:
        outcome = dma_write(list(frame));
        for (Frame page = 0; page < count; ++page) use(frame + page, kDmaWrite);
        break;
      default:  // a copy takes one page after the other
        outcome = copy(list(frame), list(other));
        for (Frame page = 0; page < count; ++page) {
          use(frame + page, kLoad);
          use(other + page, kStore);
        }
    }
    read += outcome.read.count() / 64;
    written += outcome.written.count() / 64;
    saved += outcome.written_back.count() / 64;
    ASSERT_EQ(read, naive.read) << "after " << i;
    ASSERT_EQ(written, naive.written) << "after " << i;
    ASSERT_EQ(saved, naive.written_back) << "after " << i;
    ASSERT_EQ(cache.resident().count() / 64, naive.lines(false));
    ASSERT_EQ(cache.resident_by_dma().count() / 64, naive.lines(true));
    ASSERT_LE(cache.resident(), kPageSize * kSize);
    ASSERT_LE(cache.resident_by_dma().count(), kPageSize.count() * kSize * ddio);
  }
}

}  // namespace
}  // namespace copypath
