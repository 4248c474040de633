// What a run may take of the machine it runs on: memory that does not grow with the bytes served,
// and events of the SystemC kernel, which take most of the time. No time is asserted here; speed is
// a matter of benchmarks.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sysc/kernel/sc_dynamic_processes.h>

#include <cstdint>
#include <systemc>

#include "models/platform/simulate.h"

#include "testbench/locate.h"
#include "testbench/scenario.h"
#include "testbench/tests/allocations.h"
#include "testbench/tests/apart.h"

namespace copypath {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;  // shadow memory would be counted too
#else
constexpr bool kSanitized = false;
#endif
#if defined(COPYPATH_SHARED_SYSTEMC)
constexpr bool kMakesRoomForStacks = true;
#else
constexpr bool kMakesRoomForStacks = false;  // thread_stacks.h
#endif

/// The most memory that a process which has simulated a path held, in KiB.
double peak_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<double>(usage.ru_maxrss);
}

Config file_server() {
  return load_scenario(shipped_folder() + "/file_server.ini", {}, shipped_folder()).config;
}

TEST(Scale, TenGigabytesFitInto300MiB) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  const Config config = file_server();
  for (const auto& [path, result] : simulate_apart(config, config.paths)) {
    EXPECT_EQ(*result.value("payload_bytes"), 10e9) << path;
    EXPECT_TRUE(result.delivered_ok) << path;
  }
  EXPECT_LT(2 * peak_of_children(), 300 * 1024) << "two paths run side by side";
}

TEST(Scale, MemoryDoesNotGrowWithTheBytes) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  Config config;
  config.workload.clients = 10;
  config.page_cache.size = kMiB * 64;
  config.workload.file_size = kMiB * 10;
  simulate_apart(config, "sendfile");
  const double small = peak_of_children();
  config.workload.file_size = kMiB * 200;
  simulate_apart(config, "sendfile");
  EXPECT_LE(peak_of_children(), 1.1 * small);
}

/// The peaks of memory of two numbers of clients tell what one more takes.
TEST(Scale, ClientTakesAtMost20KiB) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  Config config = file_server();
  config.workload.file_size = Bytes(1'000'000);
  const auto peak_of = [&](unsigned clients) {
    config.workload.clients = clients;
    EXPECT_TRUE(simulate_apart(config, "sendfile").delivered_ok);
    return peak_of_children();
  };
  const double few = peak_of(1000);
  EXPECT_LE((peak_of(9000) - few) / 8000, 20);
}

TEST(Scale, FortyThousandClientsAreServed) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  if (!kMakesRoomForStacks) GTEST_SKIP() << "SystemC is linked statically";
  Config config = file_server();
  config.workload.clients = 40'000;
  config.workload.file_size = kKiB * 64;
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(*result.value("payload_bytes"), 40'000.0 * 65536);
}

/// Evaluation phases of the kernel per 64 KiB of payload, of a run of its own in this process.
double events_per_chunk(const std::string& path, unsigned clients, Bytes file_size) {
  Config config = file_server();
  config.workload.clients = clients;
  config.workload.file_size = file_size;
  const Result result = simulate(config, path, {});
  EXPECT_TRUE(result.delivered_ok);
  return static_cast<double>(sc_core::sc_delta_count()) * 65536 / *result.value("payload_bytes");
}

// A packet that the wire is busy with for 55 us, an interrupt and a wake-up for each: the rest of a
// chunk's way needs no events of its own.
TEST(Scale, ChunkOfSendfileTakesAtMostTwelveEvents) {
  EXPECT_LE(events_per_chunk("sendfile", 20, kMiB * 10), 12);
}

// And two copies.
TEST(Scale, ChunkOfReadWriteTakesAtMostSixteenEvents) {
  EXPECT_LE(events_per_chunk("read_write", 20, kMiB * 10), 16);
}

TEST(Scale, ChunkOfOneOfManyClientsTakesNoMore) {
  EXPECT_LE(events_per_chunk("sendfile", 200, kMiB), 12);
}

/// Allocations per 64 KiB of payload, once everything has reached its size.
double allocations_per_chunk(const std::string& path) {
  Config config = file_server();
  config.workload.clients = 20;
  config.workload.file_size = kMiB * 10;
  config.page_cache.size = kMiB * 16;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const sc_time begin(100, sc_core::SC_MS);
  const sc_time end(160, sc_core::SC_MS);
  sc_core::sc_spawn([&] {
    sc_core::wait(begin);
    before = allocations();
    sc_core::wait(end - begin);
    after = allocations();
  });
  const Result result = simulate(config, path, {});
  EXPECT_GT(*result.value("elapsed_s"), end.to_seconds());
  const double chunks = *result.value("throughput_Bps") * (end - begin).to_seconds() / 65536;
  return static_cast<double>(after - before) / chunks;
}

// What lists need goes round (recycled.h). Then nothing can grow with the bytes that are served,
// 10 GB or 1 TB. A thousand chunks are for tables that reach a new size late.
TEST(Scale, ChunkOfSendfileAllocatesNothing) {
  if (kSanitized) GTEST_SKIP() << "sanitizers watch every allocation";
  EXPECT_LE(allocations_per_chunk("sendfile"), 0.001);
}

TEST(Scale, ChunkOfReadWriteAllocatesNothing) {
  if (kSanitized) GTEST_SKIP() << "sanitizers watch every allocation";
  EXPECT_LE(allocations_per_chunk("read_write"), 0.001);
}

}  // namespace
}  // namespace copypath
