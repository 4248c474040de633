// What clients ask for natively, beyond whole files: ranges, lists, the fetches of a log broker,
// and programs that read for themselves. Everything is checked byte by byte, and the calls are
// those that follow from what is asked for.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/disk/media.h"
#include "models/workload/request_list.h"
#include "native/checker.h"
#include "testbench/tests/native_bench.h"

namespace copypath::native {
namespace {

// ---- Ranges, and programs that read for themselves.

TEST(NativeWorkloads, EveryPathDeliversTheRangesThatAreAskedFor) {
  struct Case {
    Order order;
    std::uint64_t range;
  };
  for (const auto& [order, range] : {Case{Order::kSequential, 10001},
                                     {Order::kSequential, 8192},
                                     {Order::kRandom, 8192},
                                     {Order::kRandom, 1}}) {
    Config config = config_of(300001, 4096);
    config.workload.clients = 2;
    config.workload.requests = 40;  // more than fit one after the other
    config.workload.order = order;
    config.workload.range = Bytes(range);
    for (const Outcome& outcome : run_all(config, all(), checked_once()).outcomes) {
      SCOPED_TRACE(outcome.path + ", ranges of " + std::to_string(range));
      if (!outcome.skipped.empty()) continue;
      EXPECT_EQ(outcome.problem, "");
      EXPECT_EQ(outcome.result.value("payload_bytes"), static_cast<double>(80 * range));
    }
  }
}

Config reader_of(std::uint64_t size, std::uint64_t chunk, std::uint64_t range, Order order) {
  Config config = config_of(size, chunk);
  config.workload.kind = WorkloadKind::kRandomReader;
  config.workload.clients = 2;
  config.workload.requests = 3;
  config.workload.range = Bytes(range);
  config.workload.order = order;
  config.page_cache.folio = kPageSize;
  return config;
}

const std::vector<const Path*>& readers() {
  static const std::vector<const Path*> kReaders{find_path("pread"), find_path("mmap_read")};
  return kReaders;
}

TEST(NativeWorkloads, ReadersCallOnceForAChunkOrOnceForTheMapping) {
  for (const std::uint64_t size : {0, 1, 4095, 65537, 1048589}) {
    const Report report =
        run_all(reader_of(size, 10000, 0, Order::kSequential), readers(), checked_once());
    const Outcome& called = report.outcomes[0];
    const Outcome& mapped = report.outcomes[1];
    EXPECT_EQ(called.problem + mapped.problem, "") << size;
    EXPECT_EQ(called.result.value("payload_bytes"), static_cast<double>(6 * size));
    EXPECT_EQ(mapped.result.value("payload_bytes"), static_cast<double>(6 * size));
    EXPECT_EQ(called.result.value("syscalls_total"), 6 * covering(size, 10000));
    EXPECT_EQ(mapped.result.value("syscalls_total"), size > 0 ? 2 : 0);
  }
}

// A fault maps the neighbourhood of 64 KiB (fault_around_bytes), and nothing faults twice. Mappings
// of 2 MiB and more begin at a multiple of it (thp_get_unmapped_area()), smaller ones anywhere.
TEST(NativeWorkloads, ReaderOfAMappingFaultsOnceForEachNeighbourhood) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer has faults of its own";
#endif
  Config config = reader_of(4 * 1024 * 1024, 4096, 0, Order::kSequential);
  Options once = checked_once();
  once.sink = Sink::kDiscard;  // checking has faults of its own
  const Outcome whole = run_all(config, only("mmap_read"), once).outcomes[0];
  EXPECT_EQ(whole.result.value("faults_minor"), 2 * 64);
  config.workload.range = Bytes(4096);
  config.workload.order = Order::kRandom;
  config.workload.requests = 1;
  const Outcome one = run_all(config, only("mmap_read"), once).outcomes[0];
  EXPECT_EQ(one.result.value("faults_minor"), 2);
}

TEST(NativeWorkloads, ReadersThatCheckNoticeADifference) {
  WorkloadConfig work;
  work.file_size = Bytes(10000);
  work.range = Bytes(4096);
  work.order = Order::kSequential;
  work.requests = 3;  // the third one is the first again
  work.data = Data::kBytes;
  Content content;
  Media(work).read(0, 0, work.file_size, content);
  std::vector<std::uint8_t> bytes = content.bytes();
  const auto outcome = [&] {
    Checker checker(work, 0);
    checker.take(bytes.data(), 8192);
    checker.take(bytes.data(), 4096);
    return checker.complete();
  };
  EXPECT_TRUE(outcome());
  bytes[8191] ^= 1;
  EXPECT_FALSE(outcome());
}

// ---- Lists of requests, and the fetches of a log broker.

TEST(NativeWorkloads, ListsNameFilesAndPlaces) {
  Config config = config_of(20000, 4096);
  config.workload.kind = WorkloadKind::kStaticList;
  config.workload.clients = 2;
  RequestList list;
  list.file_sizes = {Bytes(5000), Bytes(20000)};
  list.clients = {{{sc_core::SC_ZERO_TIME, 1, Bytes(10001), Bytes(9999)},
                   {sc_core::SC_ZERO_TIME, 0, Bytes(0), Bytes(5000)}},
                  {{sc_core::SC_ZERO_TIME, 0, Bytes(4999), Bytes(1)}}};
  config.workload.listed = std::make_shared<RequestList>(list);
  for (const Outcome& outcome : run_all(config, all(), checked_once()).outcomes) {
    if (!outcome.skipped.empty()) continue;
    EXPECT_EQ(outcome.problem, "") << outcome.path;
    EXPECT_EQ(outcome.result.value("payload_bytes"), 15000) << outcome.path;
  }
}

// Three consumers of two logs of 300,001 bytes, in segments of 100,000 and fetches of 65,536 bytes:
// 3 x 2 + 1 fetches of a log, each with a request and a header. A path that copies has a buffer of
// 32 KiB, sendfile() a call for each fetch.
TEST(NativeWorkloads, LogBrokerAnswersFetchByFetch) {
  Config config;
  config.workload.kind = WorkloadKind::kLogBroker;
  config.workload.clients = 3;
  config.broker.partitions = 2;
  config.broker.lag = Bytes(300001);
  config.broker.segment = Bytes(100000);
  config.broker.fetch = Bytes(65536);
  config.page_cache.warm = 1;
  std::vector<const Path*> plain;
  for (const Path* path : all()) {
    if (path->encoding == Encoding::kPlain && path->source == Source::kFile) plain.push_back(path);
  }
  for (const Outcome& outcome : run_all(config, plain, checked_once()).outcomes) {
    SCOPED_TRACE(outcome.path);
    if (!outcome.skipped.empty()) continue;
    EXPECT_EQ(outcome.problem, "");
    EXPECT_EQ(outcome.result.value("payload_bytes"), 3 * 300001);
    EXPECT_EQ(outcome.result.value("fetches"), 21);
    EXPECT_EQ(outcome.result.value("syscalls.recv"), 21);
    EXPECT_EQ(outcome.result.value("syscalls.writev"), 21);
    if (outcome.path == "sendfile") {
      EXPECT_EQ(outcome.result.value("syscalls.sendfile"), 21);
    }
    if (outcome.path == "read_write") {
      EXPECT_EQ(outcome.result.value("syscalls.read"), 3 * 13);
    }
  }
}

}  // namespace
}  // namespace copypath::native
