// Laws of writing back: pages stay dirty until there are more of them than may be, or they are old;
// a writer that is faster than the disk waits for it; nothing that is dirty is evicted; what a file
// that grows holds on the drive is what has been written there.
#include <gtest/gtest.h>

#include "models/disk/media.h"
#include "models/workload/request_list.h"
#include "testbench/tests/apart.h"

namespace copypath {
namespace {

double value(const Result& result, const std::string& metric) { return *result.value(metric); }

/// A producer that appends whole pages, and a consumer at the tail.
Config writing(unsigned pages) {
  Config config;
  config.workload.kind = WorkloadKind::kLogBroker;
  config.page_cache.size = kPageSize * 1000;
  config.broker.lag = Bytes(0);
  config.broker.batch = config.broker.record = kPageSize;
  config.broker.batches = pages;
  config.broker.rate = 10'000;
  return config;
}

// A tenth of a thousand pages: a hundred may be dirty, one more makes the flusher begin.
TEST(WriteBack, BeginsWhenMoreIsDirtyThanMayBe) {
  const Result few = simulate_apart(writing(100), "sendfile");
  EXPECT_EQ(value(few, "disk_written_bytes"), 0);
  EXPECT_EQ(value(few, "dirty_bytes"), 100 * 4096);
  Config config = writing(101);
  config.broker.batches = 120;  // so that the run goes on when it has begun
  const Result more = simulate_apart(config, "sendfile");
  EXPECT_GE(value(more, "disk_written_bytes"), 4096);
  EXPECT_LE(value(more, "dirty_bytes"), 119 * 4096);
}

// Where nothing may be dirty, every page is on the disk before its writer goes on, however much
// page_cache.dirty_background would leave the flusher asleep for.
TEST(WriteBack, TheFlusherBeginsBeforeWritersHaveToWait) {
  for (const double background : {0.05, 1.0}) {
    Config config = writing(60);
    config.page_cache.dirty_background = background;
    config.page_cache.dirty = 0.05;
    const Result result = simulate_apart(config, "sendfile");
    EXPECT_TRUE(result.delivered_ok) << background;
    EXPECT_EQ(value(result, "writers_throttled"), 0) << "written from the 26th page on";
    EXPECT_GE(value(result, "disk_written_bytes"), 10 * 4096) << background;
    config.page_cache.dirty = 0;
    const Result none = simulate_apart(config, "sendfile");
    EXPECT_EQ(value(none, "writers_throttled"), 60) << background;
    EXPECT_EQ(value(none, "disk_written_bytes"), 60 * 4096) << background;
    EXPECT_LE(value(none, "elapsed_s"), 60 * 1.1e-4 + 1e-3) << "not after dirty_expire";
  }
}

// At 10,000 pages a second: the first page has been dirty for 5 ms when the 51st comes.
TEST(WriteBack, WritesWhatHasBeenDirtyForLong) {
  Config config = writing(80);
  config.page_cache.dirty_expire = milliseconds(8.5);
  EXPECT_EQ(value(simulate_apart(config, "sendfile"), "disk_written_bytes"), 0);
  config.page_cache.dirty_expire = milliseconds(5);
  EXPECT_GE(value(simulate_apart(config, "sendfile"), "disk_written_bytes"), 40 * 4096);
}

// A drive that takes 1 MB/s, and 41 MB/s of records: the writer gets what the drive has.
TEST(WriteBack, AWriterWaitsForTheDisk) {
  Config config = writing(1000);
  config.disk.write_bandwidth = Rate(1e6);
  config.disk.write_buffer = kPageSize;
  config.page_cache.dirty_background = 0.02;
  config.page_cache.dirty = 0.05;
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_GT(value(result, "writers_throttled"), 0);
  EXPECT_TRUE(result.delivered_ok);
  // All but what may be dirty has gone to the drive, at its pace.
  EXPECT_GE(value(result, "elapsed_s"), 900 * 4096 / 1e6);
  EXPECT_LE(value(result, "elapsed_s"), 1.1 * 1000 * 4096 / 1e6);
}

WorkloadConfig growing(Data data) {
  WorkloadConfig config;
  config.data = data;
  RequestList list;
  list.file_sizes = {Bytes(20'000)};
  list.present = {Bytes(5000)};
  list.clients = {{{sc_time(), 0, Bytes(0), Bytes(20'000)}}};
  config.listed = std::make_shared<const RequestList>(list);
  return config;
}

class GrowingFile : public testing::TestWithParam<Data> {
protected:
  Content original(std::uint64_t from, std::uint64_t bytes) {
    Content content;
    media_.read(0, from, Bytes(bytes), content);
    return content;
  }
  bool holds(std::uint64_t from, std::uint64_t bytes) {
    Content content;
    media_.fetch(0, from, Bytes(bytes), content);
    return content.size() == Bytes(bytes) && media_.holds(0, from, Bytes(bytes), content);
  }
  Media media_{growing(GetParam())};
};
INSTANTIATE_TEST_SUITE_P(Data, GrowingFile, testing::Values(Data::kTags, Data::kBytes));

TEST_P(GrowingFile, HoldsWhatWasThereAndWhatWasWritten) {
  EXPECT_TRUE(holds(0, 5000));
  EXPECT_FALSE(holds(0, 5001)) << "nobody has written that";
  media_.write(0, 8192, original(8192, 4096));  // beyond a gap
  EXPECT_FALSE(holds(4096, 8192));
  EXPECT_TRUE(holds(8192, 4096));
  media_.write(0, 4096, original(4096, 4096));
  EXPECT_TRUE(holds(0, 12'288));
  EXPECT_EQ(media_.present(0), Bytes(12'288)) << "the gap is closed";
  media_.write(0, 12'288, original(12'288, 100));  // part of a page, then more of it
  EXPECT_TRUE(holds(0, 12'388));
  EXPECT_FALSE(holds(0, 12'389));
  media_.write(0, 12'288, original(12'288, 4096));
  EXPECT_TRUE(holds(0, 16'384));
}

TEST_P(GrowingFile, WhatIsWrittenInsteadIsNotWhatItWasToHold) {
  media_.write(0, 4096, original(0, 4096));  // of another place
  EXPECT_FALSE(holds(4096, 4096));
  Content content;
  media_.fetch(0, 4096, Bytes(4096), content);
  EXPECT_TRUE(media_.holds(0, 0, Bytes(4096), content));
}

}  // namespace
}  // namespace copypath
