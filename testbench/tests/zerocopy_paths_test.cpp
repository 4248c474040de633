// What the paths that send the program's own memory cost and risk, beyond the oracle that all paths
// share: the wait for free buffers, the hazard of not waiting, small messages, sends that the
// kernel copies after all, and kernels that have none of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/workload/request_list.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

const std::vector<std::string> kWithBuffers{"msg_zerocopy_read", "direct_zc", "vmsplice"};
const std::vector<std::string> kMsgZerocopy{"msg_zerocopy_mmap", "msg_zerocopy_read", "direct_zc"};

Config small(std::uint64_t size, std::uint64_t chunk = 65536) {
  Config config;
  config.workload.file_size = Bytes(size);
  config.workload.chunk = Bytes(chunk);
  return config;
}

double value(const Result& result, const char* metric) { return *result.value(metric); }

// ---- Buffers.

TEST(Buffers, EnoughOfThemKeepThePipeFull) {
  Config config = small(20'000'000);
  const double sendfile = value(simulate_apart(config, "sendfile"), "throughput_Bps");
  for (const char* const path : {"msg_zerocopy_read", "vmsplice"}) {
    config.workload.buffers = 0;
    EXPECT_NEAR(value(simulate_apart(config, path), "throughput_Bps"), sendfile, sendfile / 100);
    config.workload.buffers = 1;
    EXPECT_LT(value(simulate_apart(config, path), "throughput_Bps"), sendfile * 0.6)
        << path << ": one chunk per round trip";
  }
}

TEST(Buffers, VmspliceWithOneBufferSleepsUntilItIsAcknowledged) {
  Config config = small(640 * 1024);
  config.workload.buffers = 1;
  const Result result = simulate_apart(config, "vmsplice");
  expect_calls(config, result);
  EXPECT_GE(value(result, "syscalls.clock_nanosleep"), 9) << "before each chunk but the first";
  EXPECT_TRUE(result.delivered_ok);
}

TEST(Buffers, WithoutRoomForNotificationsSendsAreTriedAgain) {
  Config config = small(2'000'000, 10'000);
  config.socket.optmem = kKiB;
  for (const auto& [path, result] : simulate_apart(config, kMsgZerocopy)) {
    SCOPED_TRACE(path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_GT(value(result, "zerocopy_refused"), 0);
    expect_calls(config, result);
  }
}

// ---- The hazard.

TEST(Hazard, AReusedBufferReachesTheClient) {
  std::map<std::string, double> tags;
  for (const Data data : {Data::kTags, Data::kBytes}) {
    Config config = small(2'000'000);
    config.workload.data = data;
    config.workload.hazard = Hazard::kReuseBuffer;
    for (const auto& [path, result] : simulate_apart(config, kWithBuffers)) {
      SCOPED_TRACE(path);
      const double corrupted = value(result, "corrupted_bytes");
      EXPECT_FALSE(result.delivered_ok);
      EXPECT_EQ(value(result, "payload_bytes"), 2'000'000) << "as many bytes, but others";
      EXPECT_GT(corrupted, 0);
      EXPECT_LT(corrupted, 2'000'000);
      if (data == Data::kTags) tags[path] = corrupted;
      // One byte in 256 is right by chance.
      if (data == Data::kBytes) {
        EXPECT_NEAR(corrupted, tags[path] * 255 / 256, tags[path] / 256);
      }
    }
    for (const char* const path : {"read_write", "sendfile"}) {
      const Result copied = simulate_apart(config, path);
      EXPECT_TRUE(copied.delivered_ok) << path;
      EXPECT_EQ(value(copied, "corrupted_bytes"), 0);
    }
  }
}

TEST(Hazard, IsThatOfNotWaiting) {
  for (const auto& [path, result] : simulate_apart(small(2'000'000), kWithBuffers)) {
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(value(result, "corrupted_bytes"), 0) << path;
  }
}

// The kernel that has to copy lets the program reuse its buffer at once.
TEST(Hazard, IsNoneWhereTheKernelCopies) {
  Config config = small(2'000'000);
  config.workload.hazard = Hazard::kReuseBuffer;
  config.nic.scatter_gather = false;
  config.kernel = {4, 16};
  EXPECT_TRUE(simulate_apart(config, "msg_zerocopy_read").delivered_ok);
  config.kernel = since::kAlwaysGso;  // it copies when it transmits, which may be later
  EXPECT_FALSE(simulate_apart(config, "msg_zerocopy_read").delivered_ok);
}

// ---- Small messages: one message per request, from a warm cache.

double cpu_per_message(const std::string& path, std::uint64_t bytes) {
  Config config = small(bytes, 1 << 20);
  config.page_cache.warm = 1;
  config.workload.requests = 200;
  return value(simulate_apart(config, path), "cpu_busy_s") / 200;
}

// Documentation/networking/msg_zerocopy.rst: effective "over around 10 KB".
TEST(SmallMessages, ZeroCopyPaysOffBetween4And16KB) {
  for (const std::uint64_t bytes : {100, 1000, 4096}) {
    EXPECT_GT(cpu_per_message("msg_zerocopy_read", bytes), cpu_per_message("read_write", bytes))
        << bytes;
  }
  for (const std::uint64_t bytes : {16'384, 65'536, 1'000'000}) {
    EXPECT_LT(cpu_per_message("msg_zerocopy_read", bytes), cpu_per_message("read_write", bytes))
        << bytes;
  }
}

// The same mapped and warm file sent by write() and with MSG_ZEROCOPY, without what both share.
TEST(SmallMessages, SendsOf64KBCostLessThanAThirdOfWrites) {
  Config config = small(10'000'000);
  config.page_cache.warm = 1;
  config.workload.map_populate = true;
  config.cpu.minor_fault = config.cpu.interrupt = config.cpu.context_switch = sc_core::SC_ZERO_TIME;
  EXPECT_LT(value(simulate_apart(config, "msg_zerocopy_mmap"), "cpu_busy_s"),
            0.3 * value(simulate_apart(config, "mmap_write"), "cpu_busy_s"));
}

// ---- Copies after all.

TEST(Copied, IsReportedBefore417AndHiddenSince) {
  for (const bool gathers : {true, false}) {
    for (const bool checksums : {true, false}) {
      Config config = small(1'000'003);
      config.nic.scatter_gather = gathers;
      config.nic.checksum_offload = checksums;
      config.kernel = {4, 16};
      const bool plain = !gathers || !checksums;
      for (const auto& [path, result] : simulate_apart(config, kMsgZerocopy)) {
        SCOPED_TRACE(path);
        const double completions = value(result, "zerocopy_completions");
        EXPECT_EQ(value(result, "zerocopy_copied"), plain ? completions : 0);
        if (plain) {
          EXPECT_EQ(completions, 16) << "the call itself completes the send";
        }
      }
      config.kernel = since::kAlwaysGso;
      for (const auto& [path, result] : simulate_apart(config, kMsgZerocopy)) {
        EXPECT_EQ(value(result, "zerocopy_copied"), 0) << path;
        EXPECT_EQ(value(result, "cpu_copies_per_byte"),
                  static_cast<double>(kOracle.at(path).cpu_copies) + (plain ? 1 : 0));
      }
    }
  }
}

// Measured on Linux 6.18: 32768 of 32768 completions over 127.0.0.1 say COPIED.
TEST(Copied, IsEverySendThatIsLoopedBack) {
  Config config = small(1'000'003);
  config.workload.requests = 3;
  config.nic.link = Link::kLoopback;
  std::vector<std::string> paths = kMsgZerocopy;
  paths.emplace_back("io_uring_zc");
  for (const auto& [path, result] : simulate_apart(config, paths)) {
    SCOPED_TRACE(path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_GE(value(result, "zerocopy_completions"), 2 * 16) << "all but those of the last file";
    EXPECT_EQ(value(result, "zerocopy_copied"), value(result, "zerocopy_completions"));
  }
  for (const char* const path : {"sendfile", "vmsplice"}) {
    EXPECT_EQ(value(simulate_apart(config, path), "zerocopy_completions"), 0);
  }
}

// ---- io_uring.

TEST(IoUringZc, EntersTheKernelOncePerBatchAndOnceMore) {
  Config config = small(1'000'000);  // 16 chunks
  const std::map<unsigned, double> enters{{1, 17}, {2, 9}, {3, 7}, {15, 3}, {16, 2}, {4096, 2}};
  for (const auto& [batch, expected] : enters) {
    config.workload.batch = batch;
    const Result result = simulate_apart(config, "io_uring_zc");
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(value(result, "syscalls.io_uring_enter"), expected) << "batch of " << batch;
  }
}

TEST(IoUringZc, SetsUpOncePerConnection) {
  Config config = small(100'000);
  config.workload.clients = 3;
  config.workload.requests = 5;
  const Result result = simulate_apart(config, "io_uring_zc");
  EXPECT_EQ(value(result, "syscalls.io_uring_setup"), 3);
  EXPECT_EQ(value(result, "syscalls.io_uring_register"), 3);
  EXPECT_EQ(value(result, "syscalls.io_uring_enter"), 3 * 5 * 2);
}

// Buffers are registered before it is known what will be asked for.
TEST(IoUringZc, HasBuffersForTheLargestRequest) {
  RequestList list;
  list.file_sizes = {Bytes(1000), Bytes(1'000'000)};
  list.clients = {
      {{sc_time(), 0, Bytes(0), Bytes(1000)}, {sc_time(), 1, Bytes(0), Bytes(1'000'000)}}};
  Config config = small(1'000'000);
  config.workload.clients = 1;
  config.workload.listed = std::make_shared<const RequestList>(std::move(list));
  const Result result = simulate_apart(config, "io_uring_zc");
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(value(result, "syscalls.io_uring_register"), 1);
  EXPECT_EQ(value(result, "syscalls.io_uring_enter"), 2 + 2);
}

// ---- Kernels without.

TEST(Refusals, OfKernelsThatAreTooOldNameTheAlternative) {
  Config config = small(1000);
  config.workload.chunk = Bytes(512);
  for (const std::string& path : kMsgZerocopy) {
    config.kernel = since::kMsgZerocopy;
    EXPECT_EQ(refusal(*find_path(path), config), "");
    config.kernel = {4, 13};
    EXPECT_NE(refusal(*find_path(path), config).find("needs Linux 4.14"), std::string::npos);
    EXPECT_NE(refusal(*find_path(path), config).find("sendfile"), std::string::npos);
  }
  config.kernel = since::kSendZc;
  EXPECT_EQ(refusal(*find_path("io_uring_zc"), config), "");
  config.kernel = {5, 19};
  EXPECT_NE(refusal(*find_path("io_uring_zc"), config).find("needs Linux 6.0"), std::string::npos);
  EXPECT_NE(refusal(*find_path("io_uring_zc"), config).find("direct_zc"), std::string::npos);
}

TEST(Refusals, DirectReadsWantWholeBlocks) {
  Config config = small(1000, 511);
  EXPECT_NE(refusal(*find_path("direct_zc"), config).find("EINVAL"), std::string::npos);
  EXPECT_NE(refusal(*find_path("io_uring_zc"), config).find("EINVAL"), std::string::npos);
}

}  // namespace
}  // namespace copypath
