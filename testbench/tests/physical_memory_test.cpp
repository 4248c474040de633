// Laws of the machine's memory, seen through the bus: after any copies of any sizes and offsets it
// holds what a plain array of bytes would hold, whether it carries real bytes or tags; frames are
// handed out once, undefined, and come back.
#include "models/memory/physical_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "testbench/tests/memory_bench.h"
#include "testbench/tests/origins.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

constexpr Rate kLimit{1e12};

class PhysicalMemoryTest : public SimulationTest, public ::testing::WithParamInterface<Data> {
protected:
  static constexpr std::uint32_t kPage = 4096;
  static constexpr std::uint32_t kPages = 5;
  static constexpr std::uint32_t kSize = kPages * kPage;

  PhysicalMemoryTest() : bench_("bench", MemoryConfig(), Timing::kFluid, 1, GetParam()) {
    base_ = address_of(bench_.memory.allocate_adjacent(kPages));
  }

  std::uint32_t random(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
  }

  /// Up to four segments of together `bytes`, anywhere; they may cross pages, touch and overlap.
  SegmentList random_segments(std::uint32_t bytes) {
    SegmentList list;
    while (bytes > 0) {
      const std::uint32_t part = list.size() == 3 ? bytes : 1 + random(bytes);
      list.push_back({base_ + random(kSize - part + 1), part});
      bytes -= part;
    }
    return list;
  }

  /// Often small, often page-sized and page-aligned neighbours, sometimes large.
  std::uint32_t random_size() {
    switch (random(4)) {
      case 0:
        return 1 + random(16);
      case 1:
        return kPage;
      case 2:
        return 1 + random(kPage);
      default:
        return 1 + random(3 * kPage);
    }
  }

  /// A stretch of one of few files for `to`, often the one that belongs there if the file lay in
  /// memory from base_ on, so that runs meet that continue one another.
  std::vector<Origin> random_origins(const SegmentList& to) {
    const std::uint64_t place = to.front().address - base_;
    Origin origin{random(2), random(2), random(2) == 0 ? place : std::uint64_t{random(4)} * 1024,
                  random(4) == 0 ? Form::kFraming : Form::kPlain};
    std::vector<Origin> origins;
    for (std::uint64_t i = 0; i < size_of(to).count(); ++i, ++origin.offset) {
      origins.push_back(origin);
    }
    return origins;
  }

  std::vector<Origin> read_reference(const SegmentList& list) const {
    std::vector<Origin> origins;
    for (const Segment& segment : list) {
      const auto first = reference_.begin() + static_cast<std::ptrdiff_t>(segment.address - base_);
      origins.insert(origins.end(), first, first + segment.bytes);
    }
    return origins;
  }

  void write_reference(const SegmentList& list, const std::vector<Origin>& origins) {
    auto next = origins.begin();
    for (const Segment& segment : list) {
      for (std::uint32_t i = 0; i < segment.bytes; ++i) {
        reference_[segment.address - base_ + i] = *next++;
      }
    }
  }

  void write(const SegmentList& to, const std::vector<Origin>& origins) {
    port().dma_write(Movement::kDiskRead, content_of(GetParam(), origins), to, kLimit);
    write_reference(to, origins);
  }

  void copy(const SegmentList& from, const SegmentList& to) {
    port().copy(Movement::kCopyToUser, from, to, kLimit);
    write_reference(to, read_reference(from));
  }

  void expect_as_reference(const SegmentList& list) {
    Content content;
    port().dma_read(Movement::kTransmitPage, list, content, kLimit);
    const std::size_t size = size_of(list).count();
    ASSERT_EQ(first_difference(GetParam(), content, read_reference(list)), size);
  }

  SegmentList everything() const { return {{base_, kSize}}; }
  SegmentList at(std::uint32_t offset, std::uint32_t bytes) const {
    return {{base_ + offset, bytes}};
  }
  MemoryPort& port() { return bench_.ports[0]; }

  MemoryBench bench_;

private:
  std::uint64_t base_ = 0;
  std::vector<Origin> reference_ = std::vector<Origin>(kSize);
  std::mt19937 random_{7};
};

INSTANTIATE_TEST_SUITE_P(Kinds, PhysicalMemoryTest, ::testing::ValuesIn(kDataKinds),
                         kNameOfParameter);

TEST_P(PhysicalMemoryTest, HoldsWhatAnArrayOfBytesWouldHold) {
  spawn("master", [&] {
    for (int round = 0; round < 3000 && !HasFatalFailure(); ++round) {
      SCOPED_TRACE(round);
      const std::uint32_t bytes = random_size();
      const SegmentList to = random_segments(bytes);
      if (random(2) == 0) {
        write(to, random_origins(to));
      } else {
        copy(random_segments(bytes), to);
      }
      expect_as_reference(random_segments(random_size()));
      if (round % 20 == 0) expect_as_reference(everything());
    }
  });
  run();
}

TEST_P(PhysicalMemoryTest, IsUndefinedUntilItIsWritten) {
  spawn("master", [&] {
    expect_as_reference(everything());
    write(at(100, 50), random_origins(at(100, 50)));
    expect_as_reference(everything());
    copy(at(0, 200), at(kPage - 20, 200));  // carries what is undefined along, across pages
    expect_as_reference(everything());
    copy(at(2 * kPage, 100), at(90, 100));  // and makes undefined again what was defined
    expect_as_reference(everything());
  });
  run();
}

// Parts of one and the same file with a gap between them, in a frame with and without others.
TEST_P(PhysicalMemoryTest, GapBetweenPartsOfTheSameFileStaysUndefined) {
  const auto part = [](std::uint32_t file, std::uint64_t offset) {
    std::vector<Origin> origins;
    for (std::uint64_t i = 0; i < 100; ++i) origins.push_back({file, 0, offset + i});
    return origins;
  };
  spawn("master", [&] {
    write(at(0, 100), part(1, 0));
    write(at(200, 100), part(1, 200));
    expect_as_reference(everything());
    write(at(1000, 100), part(2, 0));
    write(at(400, 100), part(1, 400));
    expect_as_reference(everything());
    write(at(100, 100), part(1, 100));
    expect_as_reference(everything());
  });
  run();
}

TEST_P(PhysicalMemoryTest, FramesThatAreHandedOutAgainAreUndefined) {
  PhysicalMemory& memory = bench_.memory;
  const auto file = [](std::uint32_t number, std::uint64_t bytes) {
    std::vector<Origin> origins;
    for (std::uint64_t i = 0; i < bytes; ++i) origins.push_back({number, 0, i});
    return content_of(GetParam(), origins);
  };
  const auto filled = [&](Frame frame) {
    const SegmentList whole{{address_of(frame), kPage}};
    const SegmentList half{{address_of(frame), kPage / 2}};
    port().dma_write(Movement::kDiskRead, file(1, kPage), whole, kLimit);
    if (frame % 2 == 0) {  // and some that hold two runs
      port().dma_write(Movement::kDiskRead, file(2, kPage / 2), half, kLimit);
    }
    return frame;
  };
  const auto expect_undefined = [&](Frame first, unsigned frames) {
    Content content;
    const SegmentList all{{address_of(first), frames * kPage}};
    port().dma_read(Movement::kTransmitPage, all, content, kLimit);
    const std::vector<Origin> undefined(frames * kPage);
    EXPECT_EQ(first_difference(GetParam(), content, undefined), undefined.size());
  };
  spawn("master", [&] {
    for (int round = 0; round < 3; ++round) {
      const Frame single = memory.allocate();
      const Frame another = memory.allocate();
      const Frame pair = memory.allocate_adjacent(2);
      expect_undefined(single, 1);
      expect_undefined(another, 1);
      expect_undefined(pair, 2);
      memory.free(filled(single));
      memory.free(filled(another));
      filled(pair + 1);
      memory.free_adjacent(filled(pair), 2);
    }
  });
  run();
  EXPECT_EQ(memory.frames_in_use(), kPages);
}

TEST_P(PhysicalMemoryTest, OverlappingCopyMovesWhatWasThereBefore) {
  spawn("master", [&] {
    write(at(0, kPage), random_origins(at(0, kPage)));
    copy(at(0, kPage), at(10, kPage));
    expect_as_reference(everything());
    copy(at(20, kPage), at(5, kPage));
    expect_as_reference(everything());
  });
  run();
}

TEST_P(PhysicalMemoryTest, TransferOfUnequalSizesIsRefused) {
  spawn("master", [&] {
    EXPECT_THROW(copy(at(0, 10), at(100, 11)), std::logic_error);
    EXPECT_THROW(copy(at(0, 11), at(100, 10)), std::logic_error);
  });
  run();
}

// ---- Frames: no simulation needed.

TEST(Frames, AreHandedOutOnceAndComeBack) {
  PhysicalMemory memory(Data::kTags);
  std::mt19937 random(8);
  std::map<Frame, unsigned> blocks;  // first frame, number of frames
  std::set<Frame> used;
  std::uint64_t most_used = 0;
  Frame highest = 0;
  for (int i = 0; i < 20000; ++i) {
    if (blocks.empty() || (used.size() < 100 && random() % 2 == 0)) {
      const unsigned frames = std::array{1U, 4U, 16U}[random() % 3];
      const Frame first = frames == 1 ? memory.allocate() : memory.allocate_adjacent(frames);
      blocks[first] = frames;
      for (Frame frame = first; frame < first + frames; ++frame) {
        ASSERT_TRUE(used.insert(frame).second) << "frame " << frame << " is in use already";
        highest = std::max(highest, frame);
      }
    } else {
      const auto block = std::next(blocks.begin(), static_cast<long>(random() % blocks.size()));
      if (block->second == 1) {
        memory.free(block->first);
      } else {
        memory.free_adjacent(block->first, block->second);
      }
      for (unsigned k = 0; k < block->second; ++k) used.erase(block->first + k);
      blocks.erase(block);
    }
    ASSERT_EQ(memory.frames_in_use(), used.size());
    most_used = std::max<std::uint64_t>(most_used, used.size());
  }
  // Each of the three sizes has frames of its own: memory grows no further than each at its most.
  EXPECT_LT(highest, 3 * most_used);
}

TEST(Frames, AddressesAreFramesTimesThePageSize) {
  EXPECT_EQ(address_of(3), 3 * 4096U);
  EXPECT_EQ(frame_of(address_of(3)), 3U);
  EXPECT_EQ(frame_of(address_of(3) + 4095), 3U);
  EXPECT_EQ(address_of(0xffffffff), 0xffffffffULL * 4096) << "beyond 32 bits";
}

TEST(Segments, AdjacentOnesAreJoinedAndSizesAddUp) {
  SegmentList list;
  append(list, {1000, 24});
  append(list, {1024, 100});
  append(list, {2000, 1});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].bytes, 124U);
  EXPECT_EQ(size_of(list).count(), 125U);
}

}  // namespace
}  // namespace copypath
