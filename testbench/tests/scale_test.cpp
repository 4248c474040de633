// What a run may take of the machine it runs on: memory that does not grow with the bytes served.
// No time is asserted here; speed is a matter of benchmarks.
#include <gtest/gtest.h>
#include <sys/resource.h>

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

}  // namespace
}  // namespace copypath
