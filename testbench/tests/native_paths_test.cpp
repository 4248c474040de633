// Laws of the native paths: each delivers exactly the file, and makes exactly the calls that follow
// from file and chunk. Times are not looked at.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "models/paths/path.h"
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
    if (path->job == Job::kCopyFiles || path->job == Job::kPipe) continue;
    EXPECT_NE(find_path(path->name), nullptr) << path->name;
  }
}

}  // namespace
}  // namespace copypath::native
