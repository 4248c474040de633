// Laws of the whole machine, each to 1 %: throughput is that of the one resource that is scarce, by
// a formula of its parameters, and the bottleneck is named after it; both ways of keeping bus time
// agree. A run starts and ends with idle pipes, so files are long enough for that not to count.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include <functional>

#include "models/pcie/link.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

constexpr double kTolerance = 0.01;

/// A machine on which nothing is scarce: each test makes one resource so.
Config ample() {
  Config config;
  config.cpu.copy_rate = Rate(50e9);
  config.cpu.crypto_rate = Rate(50e9);
  config.cpu.compress_rate = Rate(50e9);
  config.memory.bandwidth = Rate(1000e9);
  config.memory.efficiency = 1;
  config.page_cache.readahead = Bytes(1 << 20);
  config.disk.bandwidth = Rate(50e9);
  config.disk.latency = microseconds(10);
  config.nic.rate = Rate::bits(400e9);
  config.pcie.disk = config.pcie.nic = {5, 16};
  config.nic.interrupt_delay = microseconds(5);
  config.nic.fifo = Bytes(1 << 20);
  config.nic.rx_fifo = Bytes(1 << 30);  // nothing is dropped that DMA is too slow for
  config.cpu.interrupt = nanoseconds(100);
  config.socket.rtt = microseconds(20);
  config.socket.send_buffer = Bytes(4 << 20);
  config.workload.clients = 8;
  config.workload.file_size = Bytes(4'000'000);
  config.workload.compress_ratio = 1;  // what is sent is as long as the file
  return config;
}

/// Passes of the cores that read and write all bytes: copies, encryption, compression.
std::uint64_t passes_of(const std::string& path) {
  const Oracle& oracle = kOracle.at(path);
  return oracle.cpu_copies + oracle.cpu_crypto + (oracle.compress ? 1 : 0);
}

void expect_throughput(const Result& result, double expected, const std::string& bottleneck) {
  EXPECT_TRUE(result.delivered_ok) << result.path;
  if (result.path == "io_uring_zc") {  // waits for a whole batch before it submits the next
    EXPECT_LE(*result.value("throughput_Bps"), expected * (1 + kTolerance));
    EXPECT_GE(*result.value("throughput_Bps"), expected * 0.9) << "two batches overlap";
    return;
  }
  EXPECT_NEAR(*result.value("throughput_Bps"), expected, kTolerance * expected)
      << result.path << ": " << *result.value("throughput_Bps") / expected
      << " of what it should be";
  EXPECT_EQ(result.bottleneck, bottleneck) << result.path;
}

/// What a NIC that is full carries of payload. A proxy shares the wire with its acknowledgements to
/// the origin, of 90 bytes: one for what arrives between two interrupts, which GRO merges.
double goodput(const Config& config, const std::string& path) {
  const double segment = static_cast<double>(segment_size(config.nic).count());
  const double frame = segment + 90;
  const double rate = config.nic.rate.bytes_per_second();
  const double arriving = config.nic.interrupt_delay.to_seconds() * rate / frame;
  const double merged = std::max(1.0, std::min(std::floor(arriving), std::floor(65'483 / segment)));
  return rate * segment / (frame + (kOracle.at(path).proxy ? 90 / merged : 0));
}

TEST(Laws, NicBoundIsTheGoodputOfTheWire) {
  Config config = ample();
  config.nic.rate = Rate::bits(10e9);
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_throughput(result, goodput(config, path), "nic");
  }
}

TEST(Laws, NicBoundWithJumboFrames) {
  Config config = ample();
  config.nic.rate = Rate::bits(25e9);
  config.nic.mtu = Bytes(9000);
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_throughput(result, goodput(config, path), "nic");
  }
}

TEST(Laws, OneClientReachesTheWireToo) {
  Config config = ample();
  config.nic.rate = Rate::bits(10e9);
  config.workload.clients = 1;
  config.workload.file_size = Bytes(20'000'000);
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_throughput(result, goodput(config, path), "nic");
  }
}

/// What crosses the bus with each byte of payload besides payload: the descriptor, headers and
/// completion of an acknowledgement per packet, and where it is more than 1 %: the same of every
/// frame that a proxy receives, and the descriptors, headers and completion of a packet in which a
/// frame is a fragment.
double control_of(const std::string& path) {
  const double acknowledged = (16 + 66 + 16) / 65160.0;
  const double received = (16 + 66 + 16) / 1448.0 + acknowledged;
  if (path == "proxy_read_write") return received;
  if (path == "proxy_splice") return received + (18 * 16 + 66 + 16) / (17 * 1448.0);
  return acknowledged;
}

TEST(Laws, BusBoundIsCapacityOverCrossings) {
  Config config = ample();
  config.memory.bandwidth = Rate(10e9);
  config.memory.efficiency = 0.6;
  for (const auto& [path, result] : simulate_apart(config)) {
    const auto crossings = static_cast<double>(2 + 2 * passes_of(path));
    expect_throughput(result, 6e9 / (crossings + control_of(path)), "memory_bus");
  }
}

TEST(Laws, CoresThatWaitForTheBusAreNotTheBottleneck) {
  Config config = ample();
  config.memory.bandwidth = Rate(3e9);
  config.cpu.cores = 1;  // never idle, but in its copies it waits
  const Result result = simulate_apart(config, "read_write");
  EXPECT_GT(*result.value("cpu_utilisation"), 0.98);
  EXPECT_EQ(result.bottleneck, "memory_bus");
  config.cpu.cores = 8;  // nor is one thread
  config.workload.clients = 1;
  EXPECT_EQ(simulate_apart(config, "read_write").bottleneck, "memory_bus");
}

TEST(Laws, BusBoundWithWriteAllocate) {
  Config config = ample();
  config.memory.bandwidth = Rate(6e9);
  config.memory.write_allocate = true;
  expect_throughput(simulate_apart(config, "read_write"), 6e9 / 8, "memory_bus");
}

TEST(Laws, BusBoundFromAWarmCache) {
  Config config = ample();
  config.memory.bandwidth = Rate(6e9);
  config.page_cache.warm = 1;
  for (const auto& [path, result] : simulate_apart(config)) {
    const std::uint64_t crossings = (kOracle.at(path).page_cache ? 1 : 2) + 2 * passes_of(path);
    expect_throughput(result, 6e9 / (static_cast<double>(crossings) + control_of(path)),
                      "memory_bus");
  }
}

TEST(Laws, DiskBoundIsTheBandwidthOfTheDisk) {
  Config config = ample();
  config.disk.bandwidth = Rate(2e9);
  for (const auto& [path, result] : simulate_apart(config)) {
    if (!kOracle.at(path).proxy) expect_throughput(result, 2e9, "disk");
  }
}

// Two channels deliver 128 KiB of readahead every millisecond and 20 us: a hundredth of what the
// interface could carry, and yet it is the drive that everybody waits for.
TEST(Laws, DiskBoundByItsChannels) {
  Config config = ample();
  config.disk.bandwidth = Rate(6.5536e9);
  config.disk.latency = milliseconds(1);
  config.disk.channels = 2;
  config.page_cache.readahead = kKiB * 128;
  config.workload.clients = 4;
  config.workload.file_size = Bytes(5'000'000);
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_NEAR(*result.value("throughput_Bps"), 2 * 131'072 / 1.02e-3, 0.05 * 257e6);
  EXPECT_GT(*result.value("disk_utilisation"), 0.95);
  EXPECT_LE(*result.value("disk_utilisation"), 1);
  EXPECT_EQ(result.bottleneck, "disk");
}

TEST(Laws, DmaBoundIsTheRateOfTheNicsDma) {
  Config config = ample();
  config.pcie.nic = {1, 8};
  const PcieLink link(config.pcie.nic, config.pcie);
  // Per packet of 65160 bytes, 66 bytes of headers; sendfile's has 17 descriptors, a copy's 3 or 4.
  // A proxy receives as much, and each frame's 66 bytes of headers and 16 of completion, in packets
  // of their own, into buffers whose descriptors are fetched 128 at a time.
  const double sends = link.read(Bytes(65160)).bytes_per_second();
  const auto written = [&](std::uint64_t bytes) { return Bytes(bytes) / link.write(Bytes(bytes)); };
  const sc_time frame =
      written(1448) + written(66) + written(16) + Bytes(16) / link.read(Bytes(128 * 16));
  const double receives = 1448 / frame.to_seconds();
  for (const auto& [path, result] : simulate_apart(config)) {
    const double expected = kOracle.at(path).proxy ? receives : sends;
    if (path == "io_uring_zc") continue;  // pauses between its batches
    EXPECT_NEAR(*result.value("throughput_Bps"), expected, kTolerance * expected) << path;
  }
}

TEST(Laws, SlowClientsSetTheThroughput) {
  Config config = ample();
  config.workload.client_rate = Rate(50e6);
  for (const auto& [path, result] : simulate_apart(config)) {
    expect_throughput(result, 8 * 50e6, "client");
  }
}

/// What the program costs by the profile: system calls, page lookups, copies, and an skb for every
/// packet whose completion the NIC has written.
double cpu_seconds(const Config& config, const Result& result) {
  const WorkloadConfig& workload = config.workload;
  const std::uint64_t fetches = std::uint64_t{workload.clients} * workload.requests;
  const std::uint64_t pages = units_covering(workload.file_size, kPageSize) * fetches;
  std::uint64_t skbs = 0;
  for (const MovementRecord& movement : result.movements) {
    if (movement.name == "completion") skbs = movement.transfers;
  }
  const CpuConfig& cpu = config.cpu;
  return *result.value("syscalls_total") * cpu.syscall.to_seconds() +
         static_cast<double>(pages) * cpu.page_lookup.to_seconds() +
         static_cast<double>(skbs) * cpu.skb.to_seconds() +
         *result.value("cpu_copied_bytes") / cpu.copy_rate.bytes_per_second();
}

/// Costs that the formula above leaves out are zero.
Config cpu_bound() {
  Config config = ample();
  config.cpu.interrupt = sc_core::SC_ZERO_TIME;
  config.cpu.context_switch = sc_core::SC_ZERO_TIME;
  config.memory.latency = sc_core::SC_ZERO_TIME;
  return config;
}

void expect_cpu_bound(const Config& config, const std::string& path, double cores) {
  const Result result = simulate_apart(config, path);
  const double seconds = cpu_seconds(config, result);
  expect_throughput(result, *result.value("payload_bytes") / seconds * cores, "cpu");
  EXPECT_NEAR(*result.value("cpu_busy_s"), seconds, kTolerance * seconds);
}

TEST(Laws, CpuBoundByCopies) {
  Config config = cpu_bound();
  config.cpu.copy_rate = Rate(2e9);
  config.cpu.cores = 1;
  expect_cpu_bound(config, "read_write", 1);
}

TEST(Laws, CpuBoundByCopiesOfOneClient) {
  Config config = cpu_bound();
  config.cpu.copy_rate = Rate(2e9);
  config.workload.clients = 1;
  config.workload.file_size = Bytes(20'000'000);
  expect_cpu_bound(config, "read_write", 1);  // the other cores cannot help one thread
}

TEST(Laws, CpuBoundOnSeveralCores) {
  Config config = cpu_bound();
  config.cpu.copy_rate = Rate(1e9);
  config.cpu.cores = 4;
  config.cpu.time_slice = microseconds(100);
  expect_cpu_bound(config, "read_write", 4);
}

TEST(Laws, CpuBoundBySystemCalls) {
  Config config = cpu_bound();
  config.cpu.syscall = microseconds(20);
  config.cpu.cores = 1;
  expect_cpu_bound(config, "sendfile", 1);
}

TEST(Laws, CpuBoundByPageLookups) {
  Config config = cpu_bound();
  config.cpu.page_lookup = microseconds(2);
  config.cpu.cores = 1;
  expect_cpu_bound(config, "sendfile", 1);
}

TEST(Laws, CpuBoundBySkbs) {
  Config config = cpu_bound();
  config.cpu.skb = microseconds(50);
  config.cpu.cores = 1;
  expect_cpu_bound(config, "sendfile", 1);
}

TEST(Laws, InterruptsAndSwitchesCostWhatTheProfileSays) {
  // Same run, with and without a cost: the difference is the number of events times it.
  Config config = ample();
  config.nic.rate = Rate::bits(10e9);
  config.cpu.interrupt = config.cpu.context_switch = sc_core::SC_ZERO_TIME;
  config.workload.file_size = Bytes(2'000'000);
  const double without = *simulate_apart(config, "sendfile").value("cpu_busy_s");
  config.cpu.interrupt = nanoseconds(500);
  const Result with = simulate_apart(config, "sendfile");
  const double expected = without + *with.value("interrupts") * 500e-9;
  EXPECT_NEAR(*with.value("cpu_busy_s"), expected, kTolerance * expected);
}

TEST(Laws, WriteAllocateIsNoCostWhereTheBusIsAmple) {
  Config config = ample();
  config.nic.rate = Rate::bits(10e9);
  config.memory.write_allocate = true;
  expect_throughput(simulate_apart(config, "read_write"), 1.25e9 * 1448 / 1538, "nic");
}

// ---- Fluid and burst timing are two views of the same machine.

struct Host {
  const char* name;
  std::function<void(Config&)> change;

  friend std::ostream& operator<<(std::ostream& out, const Host& host) { return out << host.name; }
};

class Agreement : public ::testing::TestWithParam<Host> {};

INSTANTIATE_TEST_SUITE_P(
    , Agreement,
    ::testing::Values(Host{"textbook", [](Config&) {}},  //
                      Host{"one_core", [](Config& c) { c.cpu.cores = 1; }},
                      Host{"scarce_bus", [](Config& c) { c.memory.bandwidth = Rate(6e9); }},
                      Host{"scarce_bus_weighted",
                           [](Config& c) {
                             c.memory.bandwidth = Rate(6e9);
                             c.memory.arbitration = Arbitration::kWeighted;
                           }},
                      Host{"scarce_bus_priority",
                           [](Config& c) {
                             c.memory.bandwidth = Rate(6e9);
                             c.memory.arbitration = Arbitration::kPriority;
                           }},
                      Host{"slow_disk", [](Config& c) { c.disk.bandwidth = Rate(500e6); }},
                      // The end of a program that waits for its own completions moves in steps of
                      // nic.interrupt_delay: 1 % of a run that is as short as the others.
                      Host{"fast_wire",
                           [](Config& c) {
                             c.nic.rate = Rate::bits(100e9);
                             c.workload.file_size = Bytes(4'000'000);
                           }},
                      Host{"large_bursts", [](Config& c) { c.memory.burst = Bytes(4096); }},
                      Host{"warm", [](Config& c) { c.page_cache.warm = 1; }}),
    [](const auto& suite) { return std::string(suite.param.name); });

// A few threads that wait for each other's transfers fall into step, and then a single burst can
// decide which step: with one thread or with many, there is no such step or it averages out.
// Programs that wait for their own completions, or whose passes alternate with their sends, do so
// on a bus that has no room to spare: there each burst decides what the next step begins with. They
// differ by up to 4 % then, in both directions.
const std::set<std::string> kInStep{"direct_zc",   "vmsplice",      "msg_zerocopy_read",
                                    "io_uring_zc", "ktls_sendfile", "compress_write"};

TEST_P(Agreement, OfFluidAndBurst) {
  for (const unsigned clients : {1U, 24U}) {
    Config config;
    config.workload.clients = clients;
    config.workload.file_size = Bytes(1'000'000);
    config.nic.rx_fifo = kMiB * 256;  // a burst would decide which frame a proxy's NIC drops
    GetParam().change(config);
    const auto fluid = simulate_apart(config);
    config.timing = Timing::kBurst;
    for (const auto& [path, burst] : simulate_apart(config)) {
      const bool scarce = std::string(GetParam().name).find("scarce_bus") == 0;
      for (const std::string metric : {"elapsed_s", "cpu_busy_s"}) {
        if (scarce && kInStep.count(path) > 0) continue;
        const double expected = *fluid.at(path).value(metric);
        // A burst can decide whether the last bytes still join an skb, or need one of their own.
        const double skb = metric == "cpu_busy_s" ? config.cpu.skb.to_seconds() : 0;
        EXPECT_NEAR(*burst.value(metric), expected, std::max(kTolerance * expected, 1.001 * skb))
            << path << " " << metric << " with " << clients << " clients";
      }
      EXPECT_EQ(burst.bottleneck, fluid.at(path).bottleneck) << path;
      EXPECT_TRUE(burst.delivered_ok);
    }
  }
}

}  // namespace
}  // namespace copypath
