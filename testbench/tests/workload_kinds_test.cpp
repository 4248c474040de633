// Laws of the kinds of workload: a list of requests is replayed exactly, no request before its
// time, with files of different sizes; a program that reads for itself pays a call and a copy with
// pread(), faults with a mapping, and nothing is sent; a kind runs only the paths that fit it.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/workload/request_list.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

double value(const Result& result, const char* metric) { return *result.value(metric); }

// ---- Lists.

Config listing(RequestList list) {
  Config config;
  config.workload.kind = WorkloadKind::kStaticList;
  config.workload.list = "x.csv";
  config.workload.clients = static_cast<unsigned>(list.clients.size());
  config.workload.file_size = *std::max_element(list.file_sizes.begin(), list.file_sizes.end());
  config.workload.listed = std::make_shared<const RequestList>(std::move(list));
  return config;
}

TEST(StaticList, EveryPathDeliversExactlyWhatIsListed) {
  RequestList list;
  list.file_sizes = {Bytes(1), Bytes(300'001), Bytes(70'000)};
  list.clients = {{{microseconds(0), 1, Bytes(0), Bytes(300'001)},
                   {microseconds(0), 0, Bytes(0), Bytes(1)},
                   {milliseconds(3), 1, Bytes(4097), Bytes(5000)}},
                  {{milliseconds(1), 2, Bytes(69'999), Bytes(1)}}};
  for (const Link link : {Link::kEthernet, Link::kLoopback}) {
    for (const Data data : {Data::kTags, Data::kBytes}) {
      Config config = listing(list);
      config.nic.link = link;
      config.workload.data = data;
      const auto results = simulate_apart(config);
      EXPECT_GT(results.size(), 10U);
      for (const auto& [path, result] : results) {
        EXPECT_TRUE(result.delivered_ok) << path;
        EXPECT_EQ(value(result, "payload_bytes"), 300'001 + 1 + 5000 + 1) << path;
      }
    }
  }
}

// Who is asked at a time answers from that time on: what a request that is there at the beginning
// takes, and no more.
TEST(StaticList, NoRequestIsServedBeforeItsTime) {
  for (const Link link : {Link::kEthernet, Link::kLoopback}) {
    RequestList list;
    list.file_sizes = {Bytes(100'000)};
    list.clients = {{{sc_time(), 0, Bytes(0), Bytes(100'000)}}};
    Config config = listing(list);
    config.nic.link = link;
    const double at_once = value(simulate_apart(config, "sendfile"), "elapsed_s");
    list.clients[0][0].time = milliseconds(7);
    config = listing(list);
    config.nic.link = link;
    const double later = value(simulate_apart(config, "sendfile"), "elapsed_s");
    EXPECT_GE(later, 7e-3 + at_once * 0.9);
    // The interrupt that brings the request, and waking up: a few microseconds.
    EXPECT_LE(later, 7e-3 + at_once + 100e-6);
  }
}

TEST(StaticList, ARequestWaitsForTheOneBeforeIt) {
  RequestList list;
  list.file_sizes = {Bytes(10'000'000)};
  list.clients = {{{sc_time(), 0, Bytes(0), Bytes(10'000'000)},
                   {microseconds(1), 0, Bytes(0), Bytes(10'000'000)}}};
  const double two = value(simulate_apart(listing(list), "sendfile"), "elapsed_s");
  list.clients[0].pop_back();
  const double one = value(simulate_apart(listing(list), "sendfile"), "elapsed_s");
  EXPECT_GT(two, 1.9 * one) << "one connection, one request after the other";
}

TEST(StaticList, TheSecondRequestForAFileFindsItInMemory) {
  RequestList list;
  list.file_sizes = {Bytes(1'000'000)};
  list.clients = {{{sc_time(), 0, Bytes(0), Bytes(1'000'000)}},
                  {{milliseconds(50), 0, Bytes(0), Bytes(1'000'000)}}};
  const Result result = simulate_apart(listing(list), "sendfile");
  EXPECT_EQ(value(result, "disk_bytes"), 1'000'000) << "read once";
  EXPECT_EQ(value(result, "page_cache_hits"), 245);
}

// ---- Programs that read for themselves.

Config reading(std::uint64_t pages, unsigned requests, double warm) {
  Config config;
  config.workload.kind = WorkloadKind::kRandomReader;
  config.workload.file_size = kPageSize * pages;
  config.workload.range = kPageSize;
  config.workload.chunk = kPageSize;
  config.workload.requests = requests;
  config.page_cache.warm = warm;
  return config;
}

TEST(RandomReader, PreadCopiesAndAMappingDoesNot) {
  const auto results = simulate_apart(reading(1000, 1000, 0));
  ASSERT_EQ(results.size(), 2U);
  const Result& pread = results.at("pread");
  const Result& mapped = results.at("mmap_read");
  for (const auto& [path, result] : results) {
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(value(result, "payload_bytes"), 4'096'000) << path;
    EXPECT_EQ(value(result, "disk_bytes"), 4'096'000) << path;
    EXPECT_EQ(value(result, "wire_bytes"), 0) << path;
    EXPECT_EQ(value(result, "cpu_checksum_bytes"), 4'096'000) << "added up: " << path;
  }
  // DMA, a copy (read and write), and the program's own pass; or without the copy.
  EXPECT_EQ(value(pread, "bus_crossings_per_byte"), 4);
  EXPECT_EQ(value(mapped, "bus_crossings_per_byte"), 2);
  EXPECT_EQ(value(pread, "syscalls.pread"), 1000);
  EXPECT_EQ(value(mapped, "syscalls_total"), 1) << "mmap()";
}

// 16 pages are mapped by one fault; sequentially, 4096 warm pages cost 256 (measured on
// Linux 6.18), and no more when they are read again.
TEST(RandomReader, AMappingIsKept) {
  Config config = reading(4096, 3 * 4096, 1);
  config.workload.order = Order::kSequential;
  EXPECT_EQ(value(simulate_apart(config, "mmap_read"), "faults_minor"), 256);
  config.workload.order = Order::kRandom;
  const double random = value(simulate_apart(config, "mmap_read"), "faults_minor");
  EXPECT_LE(random, 256) << "each neighbourhood once, in whatever order";
  EXPECT_GE(random, 250);
}

// What a fault costs is paid for every fault, and what a call costs for every call: by the one path
// and not by the other.
TEST(RandomReader, FaultsAndCallsArePaidForOnceEach) {
  Config config = reading(4096, 4096, 1);
  const auto time = [&](const char* path) {
    return value(simulate_apart(config, path), "server_cpu_s");
  };
  const double mapped = time("mmap_read");
  const double pread = time("pread");
  config.cpu.minor_fault += microseconds(1);
  EXPECT_NEAR(time("mmap_read") - mapped, 256 * 1e-6, 1e-9);
  EXPECT_NEAR(time("pread") - pread, 0, 1e-9);
  config.cpu.minor_fault -= microseconds(1);
  config.cpu.syscall += microseconds(1);
  EXPECT_NEAR(time("mmap_read") - mapped, 1e-6, 1e-9);
  EXPECT_NEAR(time("pread") - pread, 4096 * 1e-6, 1e-9);
}

TEST(RandomReader, ColdAndAtRandomAFaultBringsAWindow) {
  Config config = reading(250'000, 500, 0);
  config.workload.order = Order::kRandom;
  const Result pread = simulate_apart(config, "pread");
  const Result mapped = simulate_apart(config, "mmap_read");
  EXPECT_LE(value(pread, "disk_bytes"), 500 * 4096.0);
  EXPECT_GE(value(mapped, "disk_bytes"), 400 * 32 * 4096.0);
  EXPECT_GT(value(mapped, "elapsed_s"), value(pread, "elapsed_s"));
}

// ---- Programs that copy files.

Config copying(Bytes size, unsigned programs) {
  Config config;
  config.workload.kind = WorkloadKind::kFileCopy;
  config.workload.file_size = size;
  config.workload.clients = programs;
  return config;
}

TEST(FileCopy, SendfileSavesOneOfTwoCopies) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const Bytes size : {Bytes(0), Bytes(1), Bytes(1'000'001)}) {
      Config config = copying(size, 3);
      config.workload.data = data;
      config.workload.files = 2;
      const auto results = simulate_apart(config);
      ASSERT_EQ(results.size(), 2U);
      const double bytes = 3.0 * static_cast<double>(size.count());
      for (const auto& [path, result] : results) {
        EXPECT_TRUE(result.delivered_ok) << path;
        EXPECT_EQ(value(result, "payload_bytes"), bytes) << path;
        EXPECT_EQ(value(result, "disk_bytes"), bytes / 3 * 2) << "two files: " << path;
        EXPECT_EQ(value(result, "disk_written_bytes"), 0) << "nothing is old yet: " << path;
        EXPECT_EQ(value(result, "dirty_bytes"),
                  3.0 * 4096 * static_cast<double>(units_covering(size, kPageSize)))
            << path;
      }
      EXPECT_EQ(value(results.at("copy_read_write"), "cpu_copied_bytes"), 2 * bytes);
      EXPECT_EQ(value(results.at("copy_sendfile"), "cpu_copied_bytes"), bytes);
      const double calls = 3.0 * static_cast<double>(units_covering(size, kKiB * 8));
      EXPECT_EQ(value(results.at("copy_read_write"), "syscalls.read"), calls);
      EXPECT_EQ(value(results.at("copy_read_write"), "syscalls.write"), calls);
      EXPECT_EQ(value(results.at("copy_sendfile"), "syscalls.sendfile"),
                3.0 * static_cast<double>(units_covering(size, kKiB * 64)));
    }
  }
}

// A file of 16 MiB in memory, of which a fifth of 32 MiB may be dirty: the rest has gone to the
// disk, at the rate of a slow drive.
TEST(FileCopy, WhatDoesNotFitIsWrittenMeanwhile) {
  Config config = copying(kMiB * 16, 1);
  config.page_cache.size = kMiB * 32;
  config.page_cache.warm = 1;
  config.disk.write_bandwidth = Rate(10e6);
  config.disk.write_buffer = kPageSize;
  for (const char* path : {"copy_read_write", "copy_sendfile"}) {
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok) << path;
    const double dirty = 0.2 * 32 * 1024 * 1024;
    EXPECT_GE(value(result, "disk_written_bytes"), 16 * 1024 * 1024 - 1.1 * dirty) << path;
    EXPECT_GT(value(result, "writers_throttled"), 0) << path;
    EXPECT_GE(value(result, "elapsed_s"), (16 * 1024 * 1024 - 1.1 * dirty) / 10e6) << path;
  }
}

TEST(FileCopy, WhatCannotBeReadEndsTheCopy) {
  Config config = copying(kMiB * 16, 1);
  config.faults.disk_error_rate = 0.002;  // of 4096 pages some
  for (const char* path : {"copy_read_write", "copy_sendfile"}) {
    const Result result = simulate_apart(config, path);
    EXPECT_EQ(value(result, "aborted_transfers"), 1) << path;
    EXPECT_EQ(value(result, "corrupted_bytes"), 0) << path;
    EXPECT_LT(value(result, "payload_bytes"), 16 * 1024 * 1024) << path;
    EXPECT_TRUE(result.delivered_ok) << path;
  }
}

// ---- What fits.

TEST(WorkloadKinds, RunThePathsThatFitThem) {
  Config config;
  const auto fitting = [&](WorkloadKind kind) {
    config.workload.kind = kind;
    std::vector<std::string> names;
    for (const Path* path : paths()) {
      if (refusal(*path, config).empty()) names.emplace_back(path->name);
    }
    return names;
  };
  EXPECT_EQ(fitting(WorkloadKind::kProxy),
            (std::vector<std::string>{"proxy_read_write", "proxy_splice"}));
  EXPECT_EQ(fitting(WorkloadKind::kRandomReader), (std::vector<std::string>{"pread", "mmap_read"}));
  EXPECT_EQ(fitting(WorkloadKind::kWebServer),
            (std::vector<std::string>{"read_write", "sendfile", "user_tls", "ktls_sendfile",
                                      "ktls_write"}));
  EXPECT_EQ(fitting(WorkloadKind::kLogBroker), fitting(WorkloadKind::kWebServer));
  EXPECT_EQ(fitting(WorkloadKind::kFileCopy),
            (std::vector<std::string>{"copy_read_write", "copy_sendfile"}));
  EXPECT_EQ(
      fitting(WorkloadKind::kPipe),
      (std::vector<std::string>{"pipe_write_read", "pipe_vmsplice_read", "pipe_vmsplice_splice"}));
  EXPECT_EQ(fitting(WorkloadKind::kFileServer).size(), paths().size() - 7);
  EXPECT_EQ(fitting(WorkloadKind::kStaticList).size(), paths().size() - 10);
}

}  // namespace
}  // namespace copypath
