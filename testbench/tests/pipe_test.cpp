// Laws of a pipe between two programs: what was written arrives, in every way and size; a page
// takes what its costs add up to; whoever finds it full or empty waits no longer and no shorter
// than that.
#include <gtest/gtest.h>

#include "testbench/tests/apart.h"

namespace copypath {
namespace {

double value(const Result& result, const char* metric) { return *result.value(metric); }
double calls(const Result& result, const char* name) {
  const auto found = result.syscalls.find(name);
  return found == result.syscalls.end() ? 0 : static_cast<double>(found->second);
}

constexpr const char* kWays[] = {"pipe_write_read", "pipe_vmsplice_read", "pipe_vmsplice_splice"};

/// A machine on which nothing costs anything but what a test wants to see.
Config free_of_costs() {
  Config config;
  config.cpu.syscall = sc_time();
  config.cpu.context_switch = sc_time();
  config.cpu.pin_page = sc_time();
  config.cpu.copy_rate = config.cpu.copy_rate_cached = Rate(4096e9);  // 1 ns for a page
  config.memory.bandwidth = Rate(1e15);
  config.memory.latency = sc_time();
  return config;
}

Config piping(Config config, Bytes buffer, unsigned times, Bytes chunk, Bytes pipe) {
  config.workload.kind = WorkloadKind::kPipe;
  config.workload.file_size = buffer;
  config.workload.requests = times;
  config.workload.chunk = chunk;
  config.pipe.size = pipe;
  return config;
}

TEST(Pipe, EveryWayThroughDeliversWhatWasWritten) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const Bytes size : {Bytes(0), Bytes(1), Bytes(4096), Bytes(100'001)}) {
      for (const Bytes chunk : {Bytes(1000), Bytes(4096), Bytes(65'537)}) {
        for (const bool busy : {false, true}) {
          Config config =
              piping(Config(), size, 3, chunk, chunk < Bytes(2000) ? kPageSize : kKiB * 64);
          config.workload.data = data;
          config.workload.clients = 2;
          config.workload.busy_loop = busy;
          config.workload.huge_pages = busy;
          config.nic.link = busy ? Link::kLoopback : Link::kEthernet;  // of no use here
          const auto results = simulate_apart(config);
          ASSERT_EQ(results.size(), 3U);
          const double bytes = 6.0 * static_cast<double>(size.count());
          double copies = 2;
          for (const char* way : kWays) {
            const Result& result = results.at(way);
            EXPECT_TRUE(result.delivered_ok) << way << ' ' << size.count() << ' ' << chunk.count();
            EXPECT_EQ(value(result, "payload_bytes"), bytes) << way;
            EXPECT_EQ(value(result, "cpu_copied_bytes"), copies * bytes) << way;
            EXPECT_EQ(value(result, "bus_bytes"), 2 * copies * bytes) << way;
            EXPECT_EQ(value(result, "dma_bytes") + value(result, "packets"), 0) << way;
            --copies;
          }
          if (busy) continue;
          const double chunks = 6.0 * static_cast<double>(units_covering(size, chunk));
          EXPECT_EQ(calls(results.at("pipe_write_read"), "write"), chunks);
          EXPECT_GE(calls(results.at("pipe_vmsplice_read"), "vmsplice"), chunks);
        }
      }
    }
  }
}

// 17 pages through a pipe of 16, a copy takes 1 ns and waking 1 us: the writer goes on when the
// reader, which spins for the mutex meanwhile, has read 16 pages and woken it.
TEST(Pipe, AWriteReturnsWhenTheRestHasRoom) {
  Config config = piping(free_of_costs(), kPageSize * 17, 1, kPageSize * 17, kPageSize * 16);
  config.cpu.wakeup = microseconds(1);
  const Result result = simulate_apart(config, "pipe_write_read");
  EXPECT_EQ(calls(result, "write"), 1);
  EXPECT_EQ(calls(result, "read"), 2) << "each takes what there is";
  // 16 ns in, 16 out, waking the writer, 1 in, waking the reader, 1 out.
  EXPECT_NEAR(value(result, "elapsed_s"), 2e-6 + 34e-9, 1e-11);

  config.workload.file_size = config.workload.chunk = kPageSize * 16;  // fits: nobody sleeps
  const Result fits = simulate_apart(config, "pipe_write_read");
  EXPECT_NEAR(value(fits, "elapsed_s"), 32e-9, 1e-11);
}

TEST(Pipe, APageTakesWhatItsCostsAddUpTo) {
  Config config = piping(free_of_costs(), kPageSize * 16, 1, kPageSize * 16, kPageSize * 16);
  config.cpu.page_alloc = nanoseconds(100);
  config.cpu.splice_page = nanoseconds(40);
  config.cpu.pin_page = nanoseconds(30);
  const auto results = simulate_apart(config);
  const auto per_page = [&](const char* way) { return value(results.at(way), "elapsed_s") / 16; };
  EXPECT_NEAR(per_page("pipe_write_read"), (100 + 20 + 1 + 20 + 1) * 1e-9, 1e-12);
  EXPECT_NEAR(per_page("pipe_vmsplice_read"), (30 + 20 + 20 + 1) * 1e-9, 1e-12);
  EXPECT_NEAR(per_page("pipe_vmsplice_splice"), (30 + 20 + 20) * 1e-9, 1e-12);
}

TEST(Pipe, OfAHugePageOneOf16IsLookedFor) {
  Config config = piping(free_of_costs(), kPageSize * 64, 1, kPageSize * 64, kPageSize * 64);
  config.cpu.pin_page = nanoseconds(30);
  const auto elapsed = [&](bool huge) {
    config.workload.huge_pages = huge;
    return value(simulate_apart(config, "pipe_vmsplice_splice"), "elapsed_s");
  };
  EXPECT_NEAR(elapsed(false), 64 * 30e-9, 1e-11);
  EXPECT_NEAR(elapsed(true), 4 * 30e-9, 1e-11);
}

TEST(Pipe, ABusyLoopSparesTheWakeUps) {
  Config config = piping(Config(), kKiB * 256, 50, kKiB * 64, kKiB * 64);
  config.cpu.wakeup = microseconds(1);
  const Result sleeping = simulate_apart(config, "pipe_vmsplice_splice");
  config.workload.busy_loop = true;
  const Result busy = simulate_apart(config, "pipe_vmsplice_splice");
  EXPECT_LT(value(busy, "elapsed_s"), value(sleeping, "elapsed_s"));
  EXPECT_EQ(value(busy, "context_switches"), 0);
  EXPECT_GT(value(sleeping, "context_switches"), 0);
  EXPECT_GT(value(busy, "syscalls_total"), value(sleeping, "syscalls_total"));
}

TEST(Pipe, BothProgramsOnOneCore) {
  for (const bool busy : {false, true}) {
    Config config = piping(Config(), kKiB * 256, 2, kKiB * 64, kKiB * 64);
    config.cpu.cores = 1;
    config.cpu.time_slice = microseconds(100);
    config.workload.clients = 3;
    config.workload.busy_loop = busy;
    for (const char* way : kWays) {
      EXPECT_TRUE(simulate_apart(config, way).delivered_ok) << way;
    }
  }
}

}  // namespace
}  // namespace copypath
