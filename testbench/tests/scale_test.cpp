// What a run may take of the machine it runs on: memory that does not grow with the bytes served,
// and events of the SystemC kernel, which take most of the time. No time is asserted here; speed is
// a matter of benchmarks.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <systemc>

#include "models/platform/simulate.h"

#include "testbench/locate.h"
#include "testbench/scenario.h"
#include "testbench/tests/apart.h"

namespace copypath {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;  // shadow memory would be counted too
#else
constexpr bool kSanitized = false;
#endif

/// The most memory that a process which has simulated a path held, in MiB.
long peak_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return usage.ru_maxrss / 1024;
}

TEST(Scale, TenGigabytesFitInto300MiB) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  const Scenario scenario =
      load_scenario(shipped_folder() + "/file_server.ini", {}, shipped_folder());
  for (const auto& [path, result] : simulate_apart(scenario.config, scenario.config.paths)) {
    EXPECT_EQ(*result.value("payload_bytes"), 10e9) << path;
    EXPECT_TRUE(result.delivered_ok) << path;
  }
  EXPECT_LT(2 * peak_of_children(), 300) << "two paths run side by side";
}

TEST(Scale, MemoryDoesNotGrowWithTheBytes) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need memory of their own";
  Config config;
  config.workload.clients = 10;
  config.page_cache.size = kMiB * 64;
  config.workload.file_size = kMiB * 10;
  simulate_apart(config, "sendfile");
  const long small = peak_of_children();
  config.workload.file_size = kMiB * 200;
  simulate_apart(config, "sendfile");
  EXPECT_LE(peak_of_children(), small + small / 10);
}

/// Evaluation phases of the kernel per 64 KiB of payload, of a run of its own in this process.
double events_per_chunk(const std::string& path, unsigned clients, Bytes file_size) {
  Config config = load_scenario(shipped_folder() + "/file_server.ini", {}, shipped_folder()).config;
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

}  // namespace
}  // namespace copypath
