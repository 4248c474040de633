// Laws of the native runner: every path delivers exactly the file, makes exactly the calls that
// follow from file and chunk, and reports what the machine lacks or a client does. Times are not
// looked at.
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
#include <map>

#include "models/disk/media.h"
#include "models/paths/path.h"
#include "native/decoder.h"
#include "native/tcp.h"
#include "native/tls_record.h"
#include "testbench/tests/native_bench.h"

namespace copypath::native {
namespace {

/// What this kernel, or O_DIRECT with an odd chunk, makes impossible.
bool may_be_skipped(const Path& path, const std::string& why) {
  if (path.source == Source::kDirectFile && why.find("O_DIRECT") != why.npos) return true;
  if (path.encoding == Encoding::kKernelTls) return why.find("TLS") != why.npos;
  return std::string(path.name) == "io_uring_zc" && why.find("io_uring") != why.npos;
}

using Counts = std::map<std::string, std::uint64_t>;

/// Rounds through a pipe of 16 pages, for one file.
std::uint64_t pipe_rounds(std::uint64_t size, std::uint64_t chunk) {
  std::uint64_t rounds = 0;
  for (std::uint64_t at = 0; at < size; ++rounds) {
    at += std::min({chunk, size - at, 16 * 4096 - at % 4096});
  }
  return rounds;
}

/// The calls of one request, where they do not depend on when what arrives.
Counts expected_calls(const std::string& path, std::uint64_t size, std::uint64_t chunk) {
  const std::uint64_t n = covering(size, chunk);
  const std::uint64_t mapped = size > 0 ? 1 : 0;
  const std::uint64_t rounds = pipe_rounds(size, chunk);
  // Buffers begin with a page: only the pipe divides them.
  const std::uint64_t pieces =
      size / chunk * covering(chunk, 16 * 4096) + covering(size % chunk, 16 * 4096);
  const std::uint64_t batch = Config().workload.batch;
  const std::map<std::string, Counts> known{
      {"read_write", {{"read", n}, {"write", n}}},
      {"mmap_write", {{"mmap", mapped}, {"write", n}, {"munmap", mapped}}},
      {"sendfile", {{"sendfile", n}}},
      {"splice", {{"splice", 2 * rounds}}},
      {"vmsplice", {{"read", n}, {"vmsplice", pieces}, {"splice", pieces}}},
      {"io_uring_zc", {{"io_uring_enter", n > 0 ? covering(n, batch) + 1 : 0}}},
      {"direct_write", {{"read", n}, {"write", n}}},
      {"user_tls", {{"read", n}, {"write", n}}},
      {"user_tls_mmap", {{"mmap", mapped}, {"write", n}, {"munmap", mapped}}},
      {"ktls_sendfile", {{"sendfile", n}}},
      {"ktls_write", {{"read", n}, {"write", n}}},
      {"compress_write", {{"read", n}, {"write", n}}},
      {"java_transfer_to", {{"sendfile", mapped}}},
      {"copy_via_buffered_stream", {{"read", covering(size, 8192)}, {"write", n}}}};
  const auto found = known.find(path);
  return found == known.end() ? Counts{{"", 0}} : found->second;
}

/// The calls of one connection, besides.
Counts setup_calls(const std::string& path, std::uint64_t size) {
  if (path != "io_uring_zc" || size == 0) return {};
  return {{"io_uring_setup", 1}, {"mmap", 2}, {"io_uring_register", 1}};
}

void check_calls(const Result& result, std::uint64_t size, std::uint64_t chunk,
                 std::uint64_t clients, std::uint64_t requests) {
  Counts expected = expected_calls(result.path, size, chunk);
  if (expected.count("") != 0) return;
  for (auto& [name, count] : expected) count *= clients * requests;
  for (const auto& [name, count] : setup_calls(result.path, size)) expected[name] = count * clients;
  std::uint64_t total = 0;
  for (const auto& [name, count] : expected) {
    total += count;
    EXPECT_EQ(result.value("syscalls." + name), count) << name;
  }
  for (const char* const waiting : {"ioctl", "clock_nanosleep"}) {
    const auto made = result.syscalls.find(waiting);
    if (made != result.syscalls.end()) total += made->second;
  }
  EXPECT_EQ(result.value("syscalls_total"), total);
  EXPECT_EQ(result.value("mode_switches"), 2 * total);
}

void check_path(const Path& path, const Outcome& outcome, std::uint64_t size, std::uint64_t chunk,
                std::uint64_t clients, std::uint64_t requests) {
  SCOPED_TRACE(outcome.path + ", " + std::to_string(size) + " in " + std::to_string(chunk));
  if (!outcome.skipped.empty()) {
    EXPECT_TRUE(may_be_skipped(path, outcome.skipped)) << outcome.skipped;
    return;
  }
  EXPECT_EQ(outcome.problem, "");
  EXPECT_TRUE(outcome.result.delivered_ok);
  EXPECT_EQ(outcome.result.value("payload_bytes"), static_cast<double>(size * clients * requests));
  EXPECT_EQ(outcome.result.execution, "native");
  check_calls(outcome.result, size, chunk, clients, requests);
  const std::string name = path.name;
  if (name.find("msg_zerocopy") == 0 || name == "direct_zc" || name == "io_uring_zc") {
    const auto sends = static_cast<double>(covering(size, chunk) * clients * requests);
    EXPECT_EQ(outcome.result.value("zerocopy_completions"), sends);
    EXPECT_EQ(outcome.result.value("zerocopy_copied"), sends) << "not on loopback?";
  }
}

class NativePaths : public testing::TestWithParam<std::uint64_t> {};

TEST_P(NativePaths, DeliverEveryByteAndMakeTheCallsThatFollow) {
  const std::uint64_t chunk = GetParam();
  for (const std::uint64_t size : {0, 1, 4095, 65536, 65537, 300001, 1048589}) {
    Config config = config_of(size, chunk);
    config.workload.clients = 2;
    config.workload.requests = 2;
    const Report report = run_all(config, all(), checked_once());
    ASSERT_EQ(report.outcomes.size(), all().size());
    for (std::size_t i = 0; i < all().size(); ++i) {
      check_path(*all()[i], report.outcomes[i], size, chunk, 2, 2);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Chunks, NativePaths, testing::Values(4096, 10000, 65536, 131072, 999999));

TEST(Native, JavaFallsBackByItsOwnRules) {
  const std::uint64_t size = 20'000'001;  // two windows and a rest
  Config config = config_of(size, 65536);
  config.workload.java_target = JavaTarget::kTrusted;
  const Result mapped =
      run_all(config, only("java_transfer_to"), checked_once()).outcomes[0].result;
  EXPECT_TRUE(mapped.delivered_ok);
  EXPECT_EQ(mapped.syscalls, (Counts{{"mmap", 3}, {"write", 3}, {"munmap", 3}}));
  config.workload.java_target = JavaTarget::kArbitrary;
  const Result copied =
      run_all(config, only("java_transfer_to"), checked_once()).outcomes[0].result;
  EXPECT_TRUE(copied.delivered_ok);
  EXPECT_EQ(copied.syscalls, (Counts{{"pread", 2442}, {"write", 2442}}));
}

TEST(Native, KeysOfTheScenarioAreObeyed) {
  Config config = config_of(300001, 131072);
  config.workload.clients = 2;
  config.pipe.size = kKiB * 16;
  config.workload.stream_buffer = Bytes(1000);
  config.workload.map_populate = true;
  const Report report = run_all(
      config, {find_path("splice"), find_path("copy_via_buffered_stream"), find_path("mmap_write")},
      checked_once());
  for (const Outcome& outcome : report.outcomes)
    EXPECT_TRUE(outcome.result.delivered_ok) << outcome.path << outcome.skipped;
  EXPECT_EQ(report.outcomes[0].result.value("syscalls.splice"), 2 * 2 * covering(300001, 16384));
  EXPECT_EQ(report.outcomes[1].result.value("syscalls.read"), 2 * 301);
}

// The receiver's queue refers to the buffers until it takes them: one that is filled again too
// early would show other bytes.
TEST(Native, VmspliceFillsABufferAgainWhenItsBytesHaveBeenTaken) {
  Config config = config_of(3'000'001, 65536);
  config.workload.clients = 2;
  config.workload.requests = 2;
  for (const unsigned buffers : {1, 3}) {
    config.workload.buffers = buffers;
    const Outcome outcome = run_all(config, only("vmsplice"), checked_once()).outcomes[0];
    EXPECT_TRUE(outcome.result.delivered_ok) << outcome.problem;
    EXPECT_GE(outcome.result.value("syscalls.ioctl"), 2 * (2 * 46 - buffers)) << "asks each time";
  }
}

TEST(Native, IoUringEntersOncePerBatchAndOnceMore) {
  Config config = config_of(1'000'000, 65536);  // 16 chunks
  for (const auto& [batch, enters] :
       std::map<unsigned, double>{{1, 17}, {3, 7}, {15, 3}, {16, 2}}) {
    config.workload.batch = batch;
    const Outcome outcome = run_all(config, only("io_uring_zc"), checked_once()).outcomes[0];
    if (!outcome.skipped.empty()) GTEST_SKIP() << outcome.skipped;
    EXPECT_TRUE(outcome.result.delivered_ok) << outcome.problem;
    EXPECT_EQ(outcome.result.value("syscalls.io_uring_enter"), enters) << "batch of " << batch;
  }
}

TEST(Native, EveryPathReadsFilesOpenedForDirectAccess) {
  Config config = config_of(300001, 65536);
  config.workload.open = FileSource::kDirect;
  for (const Outcome& outcome : run_all(config, all(), checked_once()).outcomes) {
    EXPECT_TRUE(outcome.result.delivered_ok || !outcome.skipped.empty())
        << outcome.path << outcome.problem;
  }
}

TEST(Native, EveryPathOfTheModelCanBeRunButThoseToFilesAndPipes) {
  for (const auto* path : copypath::paths()) {
    if (path->copies_files || path->consume != nullptr) continue;
    EXPECT_NE(find_path(path->name), nullptr) << path->name;
  }
}

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
