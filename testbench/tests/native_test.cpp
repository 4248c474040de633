// Laws of the native runner: it delivers files of every kind, and reports what the machine lacks or
// a client does. Times are not looked at.
#include "native/runner.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "models/disk/media.h"
#include "native/decoder.h"
#include "native/primitives.h"
#include "native/tcp.h"
#include "native/tls_record.h"
#include "testbench/tests/native_bench.h"

namespace copypath::native {
namespace {

TEST(Native, RealFileIsDelivered) {
  const std::string name = testing::TempDir() + "/native_real_file";
  {
    std::ofstream file(name, std::ios::binary);
    for (int i = 0; i < 100000; ++i) file << i << '\n';
  }
  Config config = config_of(std::filesystem::file_size(name), 65536);
  config.workload.file = name;
  for (const Outcome& outcome : run_all(config, all(), checked_once()).outcomes) {
    EXPECT_TRUE(outcome.result.delivered_ok || !outcome.skipped.empty()) << outcome.path;
  }
  std::filesystem::remove(name);
}

TEST(Native, SinksSeeTheSameNumberOfBytes) {
  for (const Sink sink : {Sink::kDiscard, Sink::kPoll, Sink::kCopy, Sink::kCheck}) {
    Options options = checked_once();
    options.sink = sink;
    for (const Outcome& outcome : run_all(config_of(300001, 10000), all(), options).outcomes) {
      EXPECT_TRUE(outcome.result.delivered_ok || !outcome.skipped.empty()) << outcome.path;
    }
  }
}

// ---- The limit of 0x7ffff000 bytes per call.

constexpr std::uint64_t kLarge = 3ull * 1024 * 1024 * 1024;

TEST(Native, SparseFileOf3GiBTakesTwoCalls) {
  const std::string name = testing::TempDir() + "/native_large_file";
  std::ofstream(name).close();
  std::filesystem::resize_file(name, kLarge);
  Config config = config_of(kLarge, 65536, 0);
  config.workload.file = name;
  Options options = checked_once();
  options.sink = Sink::kDiscard;
  // It asks for 0x7fffffff bytes at first, and gets 0x7ffff000.
  const Outcome outcome = run_all(config, only("java_transfer_to"), options).outcomes[0];
  std::filesystem::remove(name);
  EXPECT_TRUE(outcome.result.delivered_ok) << outcome.problem;
  EXPECT_EQ(outcome.result.value("payload_bytes"), static_cast<double>(kLarge));
  EXPECT_EQ(outcome.result.value("syscalls.sendfile"), 2);
}

// ---- Clients that go, and clients that get something else.

TEST(Native, ClientThatHangsUpIsReportedAndTheNextPathRuns) {
  Options options = checked_once();
  options.hang_up_after = 100000;
  options.repeat = 2;
  const Report report = run_all(config_of(32 * 1024 * 1024, 65536), all(), options);
  for (const Outcome& outcome : report.outcomes) {
    if (!outcome.skipped.empty()) continue;
    EXPECT_FALSE(outcome.result.delivered_ok) << outcome.path;
    EXPECT_NE(outcome.problem, "") << outcome.path;
  }
}

/// What the client says when it is sent these bytes.
Received received(const std::vector<std::uint8_t>& bytes, const WorkloadConfig& work) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  Descriptor sender(ends[0]);
  const Descriptor receiver(ends[1]);
  Calls().write_all(sender, bytes.data(), bytes.size());
  sender.reset();
  Progress::Taken taken{0};
  return receive(receiver, Sink::kCheck, Encoding::kPlain, work, 0, kNever, taken);
}

TEST(Native, CheckingClientNoticesEveryDifference) {
  WorkloadConfig work;
  work.file_size = Bytes(10000);
  work.data = Data::kBytes;
  Content content;
  Media(work).read(0, 0, work.file_size, content);
  const std::vector<std::uint8_t> right = content.bytes();
  EXPECT_TRUE(received(right, work).intact);
  for (const std::size_t place : {0, 4999, 9999}) {
    std::vector<std::uint8_t> wrong = right;
    wrong[place] ^= 1;
    EXPECT_FALSE(received(wrong, work).intact) << place;
  }
  EXPECT_FALSE(received({right.begin(), right.end() - 1}, work).intact) << "too short";
  std::vector<std::uint8_t> longer = right;
  longer.push_back(right[0]);
  EXPECT_FALSE(received(longer, work).intact) << "too long";
  work.requests = 2;
  EXPECT_FALSE(received(right, work).intact) << "asked for twice";
}

TEST(Native, WritingToClosedConnectionIsAnError) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  close(ends[1]);
  const Descriptor sender(ends[0]);
  signal(SIGPIPE, SIG_IGN);  // as the threads of a run have it
  EXPECT_THROW(Calls().write_all(sender, "x", 1), Disconnected);
}

// ---- The page cache.

TEST(Native, WarmFileIsResidentAndColdOneIsNot) {
  const std::uint64_t size = 8 * 1024 * 1024;
  const Report warm = run_all(config_of(size, 65536, 1), only("sendfile"), checked_once());
  EXPECT_EQ(warm.conditions.resident, 1);
  EXPECT_EQ(warm.outcomes[0].result.value("page_cache_misses"), 0);
  EXPECT_EQ(warm.outcomes[0].result.value("page_cache_hits"), size / 4096);
  try {
    const Report cold = run_all(config_of(size, 65536, 0), only("sendfile"), checked_once());
    EXPECT_EQ(cold.conditions.resident, 0);
    EXPECT_EQ(cold.outcomes[0].result.value("page_cache_misses"), size / 4096);
    EXPECT_GE(cold.outcomes[0].result.value("disk_bytes").value_or(size), size);
    const Report half = run_all(config_of(size, 65536, 0.5), only("sendfile"), checked_once());
    EXPECT_EQ(half.conditions.resident, 0.5);
  } catch (const MachineLacks& error) {
    GTEST_SKIP() << error.what();
  }
}

TEST(Native, DirectReadsLeaveThePageCacheAlone) {
  const std::uint64_t size = 1024 * 1024;
  const Report report =
      run_all(config_of(size, 65536, 0), {find_path("direct_write"), find_path("direct_zc")},
              checked_once());
  for (const Outcome& outcome : report.outcomes) {
    if (!outcome.skipped.empty()) continue;
    EXPECT_EQ(outcome.result.value("page_cache_misses"), 0);
    EXPECT_GE(outcome.result.value("disk_bytes").value_or(size), size);
  }
  EXPECT_EQ(report.conditions.resident, 0);
}

TEST(Native, TemporaryFilesHaveNoName) {
  const std::string folder = testing::TempDir() + "/native_folder";
  std::filesystem::create_directory(folder);
  Options options = checked_once();
  options.folder = folder;
  bool empty = true;
  options.progress = [&](std::size_t, double) {
    empty = empty && std::filesystem::is_empty(folder);
  };
  const Report report = run_all(config_of(1000000, 65536), only("read_write"), options);
  EXPECT_TRUE(report.outcomes[0].result.delivered_ok);
  EXPECT_TRUE(empty);
  std::filesystem::remove(folder);
}

// ---- Repetitions.

TEST(Native, RepetitionsAreSummedUp) {
  Options options = checked_once();
  options.repeat = 5;
  const Report report = run_all(config_of(1000000, 65536), only("read_write"), options);
  const Outcome& outcome = report.outcomes[0];
  EXPECT_EQ(outcome.result.value("syscalls.read"), 16) << "of one run, not of all";
  for (const auto& [name, spread] : outcome.spread) {
    EXPECT_LE(spread.least, spread.median) << name;
    EXPECT_EQ(outcome.result.value(name), spread.median) << name;
  }
  EXPECT_EQ(outcome.spread.at("syscalls_total").variation, 0);
}

TEST(Native, SpreadIsThatOfTheTextbook) {
  const Spread spread = spread_of({4, 1, 3, 2});  // mean 2.5, variance 5/3
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.median, 2);
  EXPECT_DOUBLE_EQ(spread.variation, std::sqrt(5.0 / 3) / 2.5);
  EXPECT_EQ(spread_of({7}).variation, 0);
}

// Of what was made besides, that of the same batch is taken off: that of another one is of another
// moment of the machine.
TEST(Native, BatchesAreComparedWithWhatWasMadeInTurnsWithThem) {
  const std::vector<Batch> batches{{10, 4}, {8, 3}, {9, 6}};
  const Spread spread = spread_of_batches(batches);
  EXPECT_EQ(spread.least, 5) << "of the one that took 8";
  EXPECT_EQ(spread.median, 5) << "of 6, 5 and 3";
  EXPECT_DOUBLE_EQ(spread.variation, 1.0 / 9) << "of 10, 8 and 9";
  EXPECT_EQ(spread_of_batches({{3}, {2}}).least, 2) << "nothing besides";
  const Spread share = spread_of_batches(batches, Counts::kShare);
  EXPECT_DOUBLE_EQ(share.least, 4.5) << "1.5 (of 1.5, 1.67 and 0.5) times 3";
  EXPECT_EQ(share.median, 5);
  const Spread multiple = spread_of_batches(batches, Counts::kMultiple, 2);
  EXPECT_DOUBLE_EQ(multiple.least, 5) << "2.5 (of 2.5, 2.67 and 1.5) times 2";
  EXPECT_EQ(multiple.median, 9) << "of 10, 8 and 9";
  const std::vector<Batch> disturbed{{10, 4}, {50, 49}, {8, 3}, {40, 39}, {9, 6}};
  EXPECT_EQ(spread_of_batches(disturbed, Counts::kShare).least, share.least) << "those count";
  EXPECT_EQ(spread_of_batches(disturbed, Counts::kMultiple, 2).least, multiple.least);
}

// So that what the kernel copies lies in its page where it does in that of the buffer.
TEST(Native, WholePagesAreSentToADiscarder) {
  const Discarder to;
  const Buffer buffer(kPage);
  const double before = to.packets();
  to.take(buffer, kPage);
  EXPECT_EQ(to.packets() - before, 1);
  EXPECT_THROW(to.take(buffer, 100), std::logic_error);
  EXPECT_EQ(kPagesOfPacket, 15 * kPage) << "the most that one packet carries";
}

TEST(Native, BothHaveAsManyTurnsOfTheCalls) {
  std::size_t calls = 0;
  std::size_t besides = 0;
  std::string order;
  const auto measure = [&order](std::size_t& count, char sign, double seconds) {
    return [&, sign, seconds](std::size_t times) {
      count += times;
      order += sign;
      return seconds;
    };
  };
  const Batch batch = in_turns(800, measure(calls, 'c', 5), measure(besides, 'b', 2));
  EXPECT_EQ(calls, 800U);
  EXPECT_EQ(besides, 800U);
  EXPECT_EQ(order.substr(0, 4), "cbcb");
  EXPECT_DOUBLE_EQ(batch.without(), 3);
}

// ---- TLS records.

std::vector<std::uint8_t> opened(const std::vector<std::uint8_t>& records, std::size_t piece) {
  std::vector<std::uint8_t> plain;
  const auto decoder = make_decoder(Encoding::kTls);
  for (std::size_t at = 0; at < records.size(); at += piece) {
    decoder->feed(records.data() + at, std::min(piece, records.size() - at),
                  [&](const std::uint8_t* bytes, std::size_t count) {
                    plain.insert(plain.end(), bytes, bytes + count);
                  });
  }
  return plain;
}

TEST(Native, TlsRecordsHaveTheShapeOfTls13) {
  std::vector<std::uint8_t> plain(40000);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i * 7);
  std::vector<std::uint8_t> records(tls_size(plain.size()));
  TlsRecords tls(TlsRecords::Use::kSeal);
  ASSERT_EQ(tls.seal(plain.data(), plain.size(), records.data()), records.size());
  EXPECT_EQ(records.size(), 40000 + 3 * (5 + 1 + 16));
  const std::vector<std::uint8_t> header{23, 3, 3, (16384 + 17) >> 8, (16384 + 17) & 0xff};
  EXPECT_TRUE(std::equal(header.begin(), header.end(), records.begin()));
  EXPECT_EQ(TlsRecords::size_of(records.data()), 16384U + 22);
  for (const std::size_t piece : {1, 5, 16406, 40066}) EXPECT_EQ(opened(records, piece), plain);
  for (const std::size_t place : {1, 5, 20000, 40065}) {
    std::vector<std::uint8_t> tampered = records;
    tampered[place] ^= 1;
    EXPECT_THROW(opened(tampered, 4096), std::runtime_error) << place;
  }
}

TEST(Native, SocketsDoNotUseBbr) {
  const Descriptor socket = tcp_listen(0x7f000001, 1);
  const std::string name = congestion_control(socket);
  EXPECT_TRUE(name == "cubic" || name == "reno") << name;
}

}  // namespace
}  // namespace copypath::native
