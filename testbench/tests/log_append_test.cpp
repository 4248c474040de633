// Laws of the producers' half of a log broker: what is appended is what is fetched, each byte
// received once, copied twice and written once; fetches wait for records, no longer than they may;
// consumers see what followers have; what was written and evicted comes back from the disk.
#include <gtest/gtest.h>

#include <cmath>

#include "models/workload/log.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

double value(const Result& result, const std::string& metric) { return *result.value(metric); }

std::uint64_t bytes_of(const Result& result, const std::string& movement) {
  for (const MovementRecord& record : result.movements) {
    if (record.name == movement) return record.bytes;
  }
  return 0;
}

/// Producers of batches of 16 records of 1000 bytes, a batch a millisecond for every log.
Config appending(unsigned clients, unsigned logs, unsigned batches) {
  Config config;
  config.workload.kind = WorkloadKind::kLogBroker;
  config.workload.clients = clients;
  config.broker.partitions = logs;
  config.broker.lag = Bytes(0);
  config.broker.batches = batches;
  config.broker.batch = Bytes(16'000);
  config.broker.record = Bytes(1000);
  config.broker.rate = 16'000.0 * logs;
  return config;
}

TEST(LogAppend, WhatIsAppendedIsFetchedInOrder) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const Bytes lag : {Bytes(0), Bytes(10'001)}) {
      Config config = appending(5, 2, 20);
      config.workload.data = data;
      config.broker.lag = lag;
      config.broker.segment = Bytes(70'000);
      config.broker.followers = 2;
      config.broker.lagging = 2;
      const auto results = simulate_apart(config);
      EXPECT_EQ(results.size(), 5U);
      for (const auto& [path, result] : results) {
        EXPECT_TRUE(result.delivered_ok) << path;
        EXPECT_EQ(value(result, "corrupted_bytes"), 0) << path;
        EXPECT_EQ(value(result, "appended_bytes"), 2 * 320'000) << path;
        EXPECT_EQ(value(result, "payload_bytes"),
                  5.0 * 320'000 + 2.0 * static_cast<double>(lag.count()))
            << path;
      }
    }
  }
}

TEST(LogAppend, EveryByteIsReceivedOnceAndCopiedTwice) {
  const Config config = appending(1, 1, 50);
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_EQ(bytes_of(result, "receive"), 800'000U);
  EXPECT_EQ(bytes_of(result, "copy_from_socket"), 800'000U);
  EXPECT_EQ(bytes_of(result, "file_write"), 800'000U);
  EXPECT_EQ(bytes_of(result, "transmit_page"), 800'000U);
  EXPECT_EQ(bytes_of(result, "copy_to_user"), 0U) << "serving copies nothing";
  EXPECT_EQ(value(result, "disk_bytes"), 0) << "a consumer at the tail finds all in memory";
  EXPECT_EQ(value(result, "consumers.0.page_cache_misses"), 0);
}

TEST(LogAppend, TlsIsDecryptedAndCompressionMakesTheLogShorter) {
  Config config = appending(1, 1, 50);
  config.workload.transform = Transformation::kTls;
  EXPECT_EQ(bytes_of(simulate_apart(config, "user_tls"), "decrypt_user"), 800'000U);
  config.workload.transform = Transformation::kNone;
  config.broker.compress = true;
  config.workload.compress_ratio = 0.25;
  config.broker.segment = Bytes(150'000);
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_EQ(bytes_of(result, "receive"), 800'000U);
  EXPECT_EQ(bytes_of(result, "compress"), 800'000U);
  EXPECT_EQ(bytes_of(result, "file_write"), 200'000U);
  EXPECT_EQ(value(result, "payload_bytes"), 200'000);
  EXPECT_TRUE(result.delivered_ok);
}

// The n-th batch is full after n milliseconds, and the wire and half a round trip are quick.
TEST(LogAppend, RecordsAreServedWhenTheyHaveCome) {
  const Result result = simulate_apart(appending(1, 1, 30), "sendfile");
  EXPECT_GE(value(result, "elapsed_s"), 30e-3);
  EXPECT_LE(value(result, "elapsed_s"), 30.5e-3);
  EXPECT_EQ(value(result, "fetches"), 30);
}

// Fetches wait for at least so many bytes: a byte more than two batches is three.
TEST(LogAppend, AFetchWaitsForEnoughBytes) {
  Config config = appending(1, 1, 60);
  config.broker.fetch_wait = milliseconds(1000);
  config.broker.fetch_min = Bytes(32'000);
  EXPECT_EQ(value(simulate_apart(config, "sendfile"), "fetches"), 30);
  config.broker.fetch_min = Bytes(32'001);
  EXPECT_EQ(value(simulate_apart(config, "sendfile"), "fetches"), 20);
}

// But no longer than it may: what is there by then is all it gets, and nothing is an answer, too.
TEST(LogAppend, AFetchWaitsNoLongerThanItMay) {
  Config config = appending(1, 1, 60);
  config.broker.fetch_min = kMiB;
  config.broker.fetch_wait = milliseconds(10);
  const Result some = simulate_apart(config, "sendfile");
  EXPECT_TRUE(some.delivered_ok);
  EXPECT_GE(value(some, "fetches"), 5);  // some 10 ms of batches in each
  EXPECT_LE(value(some, "fetches"), 7);
  config.broker.rate = 16'000.0 / 40;  // a batch every 40 ms: most fetches find nothing
  config.broker.batches = 5;
  const Result none = simulate_apart(config, "sendfile");
  EXPECT_TRUE(none.delivered_ok);
  EXPECT_EQ(value(none, "fetches"), 5);
  EXPECT_GE(value(none, "syscalls.writev"), 15) << "headers without records";
}

// A record goes to the follower, whose next fetch says that it has it, and only then to the
// consumer: a round trip more.
TEST(LogAppend, ConsumersSeeWhatFollowersHave) {
  Config config = appending(1, 1, 10);
  config.socket.rtt = milliseconds(20);
  config.broker.rate = 160;  // a batch every 100 ms
  const double alone = value(simulate_apart(config, "sendfile"), "elapsed_s");
  config.workload.clients = 2;
  config.broker.followers = 1;
  const double followed = value(simulate_apart(config, "sendfile"), "elapsed_s");
  EXPECT_GE(followed - alone, 20e-3);
  EXPECT_LE(followed - alone, 20.5e-3);
}

// Followers that leave are not waited for, and consumers that leave not either; nor do lost frames
// lose records.
TEST(LogAppend, WhatGoesWrongForOneDoesNotConcernTheOthers) {
  Config left = appending(4, 1, 60);
  left.broker.followers = 2;
  left.faults.disconnect_after = Bytes(100'000);
  left.faults.disconnect_every = 2;
  Config lossy = appending(4, 1, 60);
  lossy.broker.followers = 2;
  lossy.faults.frame_loss = 0.01;
  for (const char* path : {"read_write", "sendfile"}) {
    const Result result = simulate_apart(left, path);
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(value(result, "aborted_transfers"), 2) << path;
    EXPECT_LE(value(result, "elapsed_s"), 61e-3) << path;
    EXPECT_TRUE(simulate_apart(lossy, path).delivered_ok) << path;
  }
}

// Who comes when the page cache has forgotten what was written gets it from the disk.
TEST(LogAppend, WhatWasEvictedComesBackFromTheDisk) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    Config config = appending(2, 1, 250);  // 4 MB
    config.workload.data = data;
    config.page_cache.size = kMiB;
    config.page_cache.dirty_background = 0.05;
    config.broker.stagger = milliseconds(500);
    const Result result = simulate_apart(config, "sendfile");
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(value(result, "consumers.0.page_cache_misses"), 0);
    EXPECT_GE(value(result, "consumers.1.page_cache_misses"), 700) << "of 977 pages";
    EXPECT_GT(value(result, "disk_bytes"), 2.8e6);
    EXPECT_GT(value(result, "page_cache_evictions"), 700);
  }
}

}  // namespace
}  // namespace copypath
