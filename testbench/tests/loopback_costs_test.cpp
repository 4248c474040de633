// Laws of what loopback and the calls on it cost: the sender pays for the receiver's softirq and
// for waking it, and what a measured host profile tells apart is spent where it happens.
#include <gtest/gtest.h>

#include <cmath>

#include "testbench/tests/apart.h"

namespace copypath {
namespace {

using sc_core::SC_ZERO_TIME;

Config loopback(std::uint64_t file_size) {
  Config config;
  config.nic.link = Link::kLoopback;
  config.workload.file_size = Bytes(file_size);
  return config;
}

// The time of the server's thread, which is what a native run measures: its calls, lookups, copies,
// and for every packet the skb and the receiver's softirq.
TEST(LoopbackCosts, TheSenderPaysForTheReceiversSoftirq) {
  Config config = loopback(10 * 65536);
  config.page_cache.warm = 1;
  config.cpu.context_switch = config.memory.latency = SC_ZERO_TIME;
  config.cpu.receive = nanoseconds(1700);
  config.memory.bandwidth = Rate(1e12);
  for (const char* const path : {"read_write", "sendfile", "splice"}) {
    const Result result = simulate_apart(config, path);
    const double pages = 160;
    const double packets = 20;
    EXPECT_EQ(*result.value("packets"), packets) << path;
    EXPECT_EQ(*result.value("interrupts"), 0) << path;
    const CpuConfig& cpu = config.cpu;
    const double expected = *result.value("syscalls_total") * cpu.syscall.to_seconds() +
                            pages * cpu.page_lookup.to_seconds() +
                            packets * (cpu.skb + cpu.receive).to_seconds() +
                            *result.value("cpu_copied_bytes") / cpu.copy_rate.bytes_per_second();
    EXPECT_NEAR(*result.value("server_cpu_s"), expected, 1e-9) << path;
    EXPECT_GT(*result.value("cpu_busy_s"), expected) << path << ": the receiver works, too";
  }
}

// Each packet that finds the receiver asleep costs the sender a wake-up; none does if it polls.
TEST(LoopbackCosts, WakingAReceiverIsTheSendersWork) {
  Config config = loopback(10 * 65536);
  config.page_cache.warm = 1;
  const auto server_seconds = [&](Sink sink, sc_time wakeup) {
    config.workload.sink = sink;
    config.cpu.wakeup = wakeup;
    return *simulate_apart(config, "read_write").value("server_cpu_s");
  };
  const double asleep = server_seconds(Sink::kDiscard, microseconds(5)) -
                        server_seconds(Sink::kDiscard, SC_ZERO_TIME);
  EXPECT_GE(asleep, 10 * 5e-6 - 1e-9) << "once per write() at least";
  EXPECT_NEAR(std::remainder(asleep, 5e-6), 0, 1e-9);
  EXPECT_EQ(server_seconds(Sink::kPoll, microseconds(5)),
            server_seconds(Sink::kPoll, SC_ZERO_TIME));
}

TEST(LoopbackCosts, WhatAProfileTellsApartIsSpentWhereItHappens) {
  Config config = loopback(10 * 65536);
  config.page_cache.warm = 1;
  config.workload.sink = Sink::kPoll;
  const auto server_seconds = [&](const char* path) {
    return *simulate_apart(config, path).value("server_cpu_s");
  };
  const auto adds = [&](sc_time CpuConfig::*cost, const char* path) {
    const double before = server_seconds(path);
    config.cpu.*cost = microseconds(2);
    const double times = (server_seconds(path) - before) / 2e-6;
    config.cpu.*cost = SC_ZERO_TIME;
    return std::round(times * 1000) / 1000;
  };
  EXPECT_EQ(adds(&CpuConfig::splice_call, "splice"), 20) << "in and out";
  EXPECT_EQ(adds(&CpuConfig::splice_call, "sendfile"), 0);
  EXPECT_EQ(adds(&CpuConfig::splice_call, "vmsplice"), 10);
  EXPECT_EQ(adds(&CpuConfig::vmsplice_call, "vmsplice"), 10);
  EXPECT_EQ(adds(&CpuConfig::pipe_fill, "splice"), 10);
  EXPECT_EQ(adds(&CpuConfig::pipe_fill, "sendfile"), 10);
  EXPECT_EQ(adds(&CpuConfig::splice_send, "sendfile"), 10);
  EXPECT_EQ(adds(&CpuConfig::splice_send, "read_write"), 0);
  EXPECT_EQ(adds(&CpuConfig::send_page, "sendfile"), 160);
  EXPECT_EQ(adds(&CpuConfig::send_page, "read_write"), 0);
  EXPECT_EQ(adds(&CpuConfig::read_page, "read_write"), 160);
  EXPECT_EQ(adds(&CpuConfig::read_page, "mmap_write"), 0);
  config.workload.buffers = 3;
  EXPECT_GE(adds(&CpuConfig::ioctl_call, "vmsplice"), 10 - 3) << "before a buffer is used again";
  config.workload.buffers = 0;
  config.workload.chunk = Bytes(5 * 4096 / 2);
  EXPECT_EQ(adds(&CpuConfig::read_page, "read_write"), 64 * 3) << "two and a half pages: of three";
  config.workload.chunk = Bytes(65536);
  EXPECT_EQ(adds(&CpuConfig::disk_request, "direct_write"), 10);
  EXPECT_EQ(adds(&CpuConfig::disk_page, "direct_write"), 160);
  EXPECT_EQ(adds(&CpuConfig::disk_wait, "direct_write"), 10);
  EXPECT_EQ(adds(&CpuConfig::disk_wait, "read_write"), 0);
  config.workload.batch = 5;
  EXPECT_EQ(adds(&CpuConfig::disk_request, "io_uring_zc"), 10);
  EXPECT_EQ(adds(&CpuConfig::disk_page, "io_uring_zc"), 160);
  EXPECT_EQ(adds(&CpuConfig::send_call, "io_uring_zc"), 10);
  EXPECT_EQ(adds(&CpuConfig::disk_wait, "io_uring_zc"), 2) << "of each batch that reads";
}

// Ten reads of 64 KiB, after each of which a write() copies it: of 16 pages those that were cold.
TEST(LoopbackCosts, ACoreComesBackFromTheDiskToColdCaches) {
  Config config = loopback(10 * 65536);
  config.page_cache.warm = 1;
  config.workload.sink = Sink::kPoll;
  config.memory.bandwidth = Rate(1e12);
  const auto added = [&](const char* path, Bytes cold) {
    config.cpu.refill_size = Bytes(0);
    config.cpu.refill_page = microseconds(2);
    const double before = *simulate_apart(config, path).value("server_cpu_s");
    config.cpu.refill_size = cold;
    return (*simulate_apart(config, path).value("server_cpu_s") - before) / 2e-6;
  };
  EXPECT_NEAR(added("direct_write", Bytes(3 * 4096)), 10 * 3, 1e-3);
  EXPECT_NEAR(added("direct_write", Bytes(1'000'000)), 10 * 16, 1e-3) << "what is touched";
  EXPECT_NEAR(added("direct_zc", Bytes(3 * 4096)), 10 * 3, 1e-3) << "its copy on loopback";
  EXPECT_EQ(added("read_write", Bytes(3 * 4096)), 0) << "never waits";
  config.workload.batch = 5;
  EXPECT_NEAR(added("io_uring_zc", Bytes(3 * 4096)), 2 * 3, 1e-3) << "of each batch that reads";
}

// The kernel copies page by page what was sent by reference: each page of the source that is not in
// the cache, and begins another fragment, is waited for.
TEST(LoopbackCosts, ACopyWaitsForEachFragmentThatIsNotInTheCache) {
  Config config = loopback(10 * 65536);
  config.page_cache.warm = 1;
  config.workload.sink = Sink::kPoll;
  config.memory.bandwidth = Rate(1e12);
  const auto waits = [&](const char* path) {
    config.cpu.copy_folio = SC_ZERO_TIME;
    const double before = *simulate_apart(config, path).value("server_cpu_s");
    config.cpu.copy_folio = microseconds(2);
    return std::round((*simulate_apart(config, path).value("server_cpu_s") - before) / 2e-9) / 1000;
  };
  EXPECT_EQ(waits("direct_zc"), 170) << "pages, and one of each send is in two packets";
  EXPECT_EQ(waits("msg_zerocopy_mmap"), 170);
  EXPECT_EQ(waits("sendfile"), 0) << "no copy";
  config.page_cache.folio = Bytes(65536);
  EXPECT_EQ(waits("msg_zerocopy_mmap"), 20) << "folios, each in two packets";
  EXPECT_EQ(waits("direct_zc"), 170);
  config.cache.size = Bytes(64 * 1024 * 1024);
  config.cache.ddio = 0.5;
  EXPECT_EQ(waits("direct_zc"), 0) << "where the disk has put it";
  config.cache.dma_write_allocate = false;
  EXPECT_EQ(waits("direct_zc"), 160)
      << "each buffer is used once, and a page in two packets waits once";
}

// A read() of 2 MiB at once out of one folio, and in pieces that are smaller.
TEST(LoopbackCosts, LargePiecesAreCopiedAtARateOfTheirOwn) {
  Config config = loopback(4 * 1024 * 1024);
  config.page_cache.warm = 1;
  config.page_cache.folio = Bytes(2 * 1024 * 1024);
  config.workload.sink = Sink::kPoll;
  config.memory.bandwidth = Rate(1e12);
  const auto saved = [&](std::uint64_t chunk) {
    config.workload.chunk = Bytes(chunk);
    config.cpu.copy_rate_large = Rate(0);
    const double before = *simulate_apart(config, "read_write").value("server_cpu_s");
    config.cpu.copy_rate_large = Rate(2 * config.cpu.copy_rate.bytes_per_second());
    return before - *simulate_apart(config, "read_write").value("server_cpu_s");
  };
  const double at_once = 4 * 1024 * 1024 / config.cpu.copy_rate.bytes_per_second();
  EXPECT_NEAR(saved(512 * 1024), at_once / 2, 1e-9);
  EXPECT_NEAR(saved(2 * 1024 * 1024), at_once / 2, 1e-9);
  EXPECT_EQ(saved(256 * 1024), 0);
  config.page_cache.folio = Bytes(4096);
  EXPECT_EQ(saved(2 * 1024 * 1024), 0) << "each folio is a piece";
}

}  // namespace
}  // namespace copypath
