// Laws of what clients ask for: ranges lie in the file, random ones begin at pages and are the same
// on every machine, and every path delivers exactly them. Reading at random through a mapping
// brings a window for every page that is touched; pread() brings the page.
#include "models/workload/requests.h"

#include <gtest/gtest.h>

#include <set>

#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

WorkloadConfig ranges(std::uint64_t range, Order order) {
  WorkloadConfig config;
  config.range = Bytes(range);
  config.order = order;
  return config;
}

TEST(Requests, WholeFilesUnlessARangeIsGiven) {
  const WorkloadConfig config;
  EXPECT_EQ(request_of(config, Bytes(12'345), 3, 7).offset, Bytes(0));
  EXPECT_EQ(request_of(config, Bytes(12'345), 3, 7).bytes, Bytes(12'345));
}

TEST(Requests, RangesFollowOneAnotherAndBeginAgain) {
  const WorkloadConfig config = ranges(1000, Order::kSequential);
  for (unsigned n = 0; n < 30; ++n) {
    EXPECT_EQ(request_of(config, Bytes(10'500), 0, n).offset, Bytes(1000 * (n % 10)));
    EXPECT_EQ(request_of(config, Bytes(10'500), 0, n).bytes, Bytes(1000));
  }
}

TEST(Requests, RandomOnesBeginAtPagesAllOverTheFile) {
  const Bytes size = kPageSize * 100 + Bytes(17);
  const WorkloadConfig config = ranges(5000, Order::kRandom);
  std::set<std::uint64_t> pages;
  for (unsigned client = 0; client < 2; ++client) {
    for (unsigned n = 0; n < 1000; ++n) {
      const Request request = request_of(config, size, client, n);
      EXPECT_EQ(request.offset % kPageSize, Bytes(0));
      EXPECT_LE(request.offset + request.bytes, size);
      pages.insert(request.offset / kPageSize);
    }
  }
  EXPECT_GT(pages.size(), 90U) << "of 99";
  EXPECT_NE(request_of(config, size, 0, 0).offset, request_of(config, size, 1, 0).offset);
}

TEST(Requests, EveryPathDeliversExactlyTheRange) {
  for (const Order order : {Order::kSequential, Order::kRandom}) {
    for (const std::uint64_t range : {1, 4096, 70'001}) {
      for (const Data data : {Data::kTags, Data::kBytes}) {
        Config config;
        config.workload = ranges(range, order);
        config.workload.data = data;
        config.workload.file_size = Bytes(300'001);
        config.workload.clients = 2;
        config.workload.requests = 5;
        config.workload.chunk = Bytes(8192);
        for (const auto& [path, result] : simulate_apart(config)) {
          EXPECT_TRUE(result.delivered_ok) << path << " " << range;
          EXPECT_EQ(*result.value("payload_bytes"), static_cast<double>(10 * range)) << path;
        }
      }
    }
  }
}

TEST(Requests, RandomReadsThroughAMappingLoseToPread) {
  Config config;
  config.workload = ranges(4096, Order::kRandom);
  config.workload.file_size = Bytes(1'000'000'000);
  config.workload.requests = 500;
  const Result read = simulate_apart(config, "read_write");
  const Result mapped = simulate_apart(config, "mmap_write");
  // A random read brings the page that is asked for, a fault a window of 32 pages around it.
  EXPECT_LE(*read.value("disk_bytes"), 500 * 4096.0);
  EXPECT_GE(*mapped.value("disk_bytes"), 400 * 32 * 4096.0);
  EXPECT_GT(*mapped.value("elapsed_s"), *read.value("elapsed_s"));
  EXPECT_GE(*mapped.value("faults_major"), 400);
}

}  // namespace
}  // namespace copypath
