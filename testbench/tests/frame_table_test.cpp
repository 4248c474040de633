// Laws of the tables by frame: what is in them stays when they grow, and what is new is as T()
// makes it.
#include "models/memory/frame_table.h"

#include <gtest/gtest.h>

namespace copypath {
namespace {

struct Entry {
  unsigned number = 7;
};

TEST(FrameTable, KeepsWhatItHoldsAndMakesTheRest) {
  FrameTable<Entry> table;
  std::size_t known = 0;
  for (std::size_t frames = 1; frames < 300'000; frames = frames * 3 + 1) {
    table.grow_to(frames);
    ASSERT_GE(table.size(), frames);
    for (std::size_t i = 0; i < known; ++i) ASSERT_EQ(table[i].number, i);
    for (std::size_t i = known; i < table.size(); ++i) ASSERT_EQ(table[i].number, 7U);
    known = table.size();
    for (std::size_t i = 0; i < known; ++i) table[i].number = static_cast<unsigned>(i);
  }
}

TEST(FrameTable, PrefetchesOnlyWhatThereIs) {
  FrameTable<Entry> table;
  table.prefetch(0, 1);  // a pointer into nothing would be undefined behaviour
  table.prefetch(0xffffffff, 16);
  table.grow_to(1);
  table.prefetch(0, table.size());
  table.prefetch(table.size(), 1);
  EXPECT_EQ(table[0].number, 7U);
}

}  // namespace
}  // namespace copypath
