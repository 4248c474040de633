// Drives that one can buy: with the figures of its data sheet or review as parameters, each reaches
// the published sequential bandwidth, latency of one 4 KB read at a time, and reads per second, to
// 10 %. The sources stand beside the figures.
#include <cmath>

#include "testbench/tests/drive_bench.h"

namespace copypath {
namespace {

class DrivesTest : public DriveTest {
protected:
  static constexpr double kTolerance = 0.1;

  /// Reads of 128 KiB, one behind the other, 32 in the queue.
  void expect_sequential(double published) {
    EXPECT_NEAR(bytes_per_second({32, 32, 1000}), published, kTolerance * published);
  }
  /// Reads of 4 KiB all over the drive, one at a time: the mean latency in seconds.
  void expect_latency(double published, unsigned commands = 2000) {
    EXPECT_NEAR(run_load({1, 1, commands, true, extent_}).to_seconds() / commands, published,
                kTolerance * published);
  }
  void expect_reads_per_second(unsigned depth, double published, unsigned commands = 20'000) {
    EXPECT_NEAR(commands_per_second({depth, 1, commands, true, extent_}), published,
                kTolerance * published);
  }

  std::uint64_t extent_ = 400'000'000'000;
};

/// HGST Ultrastar 7K4000: seek 8.2 ms (typical, settling included), 7200 rpm, 4.17 ms average
/// latency (specification 4.4.1), which makes 81 reads a second, one at a time. The next track
/// takes 1 ms, settling included (that of a smaller drive of the maker with 7200 rpm: Travelstar
/// 7K320, specification 4.4.2.3). Drives of its class read 200 to 249 MB/s and do 100 to 150 reads
/// a second (darwinsdata): with a queue, as none does them one at a time.
class Ultrastar7K4000 : public DrivesTest {
protected:
  Ultrastar7K4000() {
    config_.kind = DiskKind::kHdd;
    config_.queue_depth = 32;
    config_.seek = microseconds(8200);
    config_.track_seek = milliseconds(1);
    config_.rpm = 7200;
    config_.bandwidth = Rate(200e6);
    config_.capacity = Bytes(extent_ = 4'000'000'000'000);
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(Ultrastar7K4000, Sequential) { expect_sequential(200e6); }
TEST_F(Ultrastar7K4000, Latency) { expect_latency(8.2e-3 + 4.17e-3); }
TEST_F(Ultrastar7K4000, ReadsPerSecondOneAtATime) {
  expect_reads_per_second(1, 1 / (8.2e-3 + 4.17e-3), 2000);
}
TEST_F(Ultrastar7K4000, ReadsPerSecondInTheirOrder) {
  config_.order = DiskOrder::kFifo;
  expect_reads_per_second(32, 1 / (8.2e-3 + 4.17e-3), 2000);
}
TEST_F(Ultrastar7K4000, ReadsPerSecondOfFour) { expect_reads_per_second(4, 100, 4000); }
TEST_F(Ultrastar7K4000, ReadsPerSecondOfThirtyTwo) { expect_reads_per_second(32, 150, 4000); }

// New commands come anywhere, but the elevator has just served those behind the head: of N that
// wait none lies there, and twice as many as on average just ahead. So the way to the next one is
// 1/2N of the stroke (exponentially distributed: the mean root is sqrt(pi)/2 of the root of the
// mean), and after 2N of them the arm goes all the way back.
TEST_F(Ultrastar7K4000, AQueueGainsWhatShorterWaysSave) {
  constexpr double kAhead = 2 * 32;
  const double stroke = (8.2e-3 - 1e-3) * 15 / 8;
  const double ways = std::sqrt(std::acos(-1) / kAhead) / 2 + 1 / kAhead;
  const double reads = 1 / (1e-3 + stroke * ways + 4.17e-3);
  EXPECT_NEAR(commands_per_second({32, 1, 8000, true, extent_}), reads, 0.03 * reads);
}

/// Kingston DC600M: 560 MB/s, 94,000 reads a second (pugetsystems, toolnova); about 0.1 ms for one.
class Dc600m : public DrivesTest {
protected:
  Dc600m() {
    config_.kind = DiskKind::kSataSsd;
    config_.queue_depth = 32;
    config_.bandwidth = Rate(560e6);
    config_.latency = microseconds(85);
    config_.firmware = microseconds(8);
    config_.channels = 8;
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(Dc600m, Sequential) { expect_sequential(560e6); }
TEST_F(Dc600m, Latency) { expect_latency(100e-6); }
TEST_F(Dc600m, ReadsPerSecond) { expect_reads_per_second(32, 94e3); }

/// Samsung 970 Pro as NVMeVirt fits it (ssd_config.h): 3360 MB/s over PCIe; 4 KB reads take the
/// firmware 21.5 us and the flash 35.76 us, together 57 us; 8 channels of 2 dies, of which 16
/// overlap reads of 36.98 us with their data: 433,000 a second. (Published are 370,000 for 512 GB
/// and 500,000 for 1 TB, pugetsystems and smallformfactor.net; NVMeVirt's fit is of neither.)
class Samsung970Pro : public DrivesTest {
protected:
  Samsung970Pro() {
    config_.bandwidth = Rate(3360e6);
    config_.latency = nanoseconds(35'760);
    config_.firmware = nanoseconds(21'500);
    config_.channels = 16;
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(Samsung970Pro, Sequential) { expect_sequential(3360e6); }
TEST_F(Samsung970Pro, Latency) { expect_latency(57e-6); }
TEST_F(Samsung970Pro, ReadsPerSecondOfItsDies) { expect_reads_per_second(128, 433e3); }

/// Samsung PM9A3: 6.5 GB/s, 900,000 reads a second, PCIe 4.0 x4 (heise.de 4720224). What one read
/// takes is not published; the profiles have 80 us (assumed), and with it the published rest.
class SamsungPm9a3 : public DrivesTest {
protected:
  SamsungPm9a3() {
    config_.bandwidth = Rate(6.5e9);
    config_.latency = microseconds(80);
    config_.channels = 72;
    link_ = PcieLink({4, 4}, {});
  }
};
TEST_F(SamsungPm9a3, Sequential) { expect_sequential(6.5e9); }
TEST_F(SamsungPm9a3, ReadsPerSecond) { expect_reads_per_second(256, 900e3); }

/// WD SN720: 3.4 GB/s, 500,000 reads a second, PCIe 3.0 x4 (1 TB, AnandTech 12482). What one read
/// takes is not published; the profile of 2021 has 80 us (assumed), and with it the published rest.
class WdSn720 : public DrivesTest {
protected:
  WdSn720() {
    config_.bandwidth = Rate(3.4e9);
    config_.latency = microseconds(80);
    config_.channels = 40;
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(WdSn720, Sequential) { expect_sequential(3.4e9); }
TEST_F(WdSn720, ReadsPerSecond) { expect_reads_per_second(256, 500e3); }

/// Intel P3700: 2.8 GB/s and 460,000 reads a second (product specification 330566-005US), 77.9 us
/// and 12,800 reads a second one at a time (AnandTech 11209).
class IntelP3700 : public DrivesTest {
protected:
  IntelP3700() {
    config_.bandwidth = Rate(2.8e9);
    config_.latency = microseconds(75);
    config_.channels = 36;
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(IntelP3700, Sequential) { expect_sequential(2.8e9); }
TEST_F(IntelP3700, Latency) { expect_latency(77.9e-6); }
TEST_F(IntelP3700, ReadsPerSecondOneAtATime) { expect_reads_per_second(1, 12.8e3); }
TEST_F(IntelP3700, ReadsPerSecond) { expect_reads_per_second(128, 460e3); }

/// Micron 9200: 3.5 GB/s, 840,000 reads a second, 92 us for one of them (data sheet, "92-150 us").
class Micron9200 : public DrivesTest {
protected:
  Micron9200() {
    config_.bandwidth = Rate(3.5e9);
    config_.latency = microseconds(85);
    config_.firmware = microseconds(5);
    config_.channels = 80;
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(Micron9200, Sequential) { expect_sequential(3.5e9); }
TEST_F(Micron9200, Latency) { expect_latency(92e-6); }
TEST_F(Micron9200, ReadsPerSecond) { expect_reads_per_second(256, 840e3); }

/// Intel Optane P4800X: 8.9 us, 108,000 reads a second one at a time, 585,000 with 16 in the queue
/// (2.2 GB/s or a little more; AnandTech 11209).
class OptaneP4800x : public DrivesTest {
protected:
  OptaneP4800x() {
    config_.bandwidth = Rate(2.35e9);
    config_.latency = nanoseconds(6900);
    config_.channels = 7;
    link_ = PcieLink({3, 4}, {});
  }
};
TEST_F(OptaneP4800x, Latency) { expect_latency(8.9e-6); }
TEST_F(OptaneP4800x, ReadsPerSecondOneAtATime) { expect_reads_per_second(1, 108e3); }
TEST_F(OptaneP4800x, ReadsPerSecondOfSixteen) { expect_reads_per_second(16, 585e3); }
TEST_F(OptaneP4800x, Sequential) { expect_sequential(2.2e9); }

}  // namespace
}  // namespace copypath
