// Laws of a flash drive: a command takes its fetch, the media latency, its data and its completion
// entry, to the picosecond; channels overlap latencies but not transfers; the DMA engine reaches
// the bandwidth; queues wrap around; one interrupt serves all completions that are pending.
#include "models/disk/flash_drive.h"

#include "testbench/tests/drive_bench.h"

namespace copypath {
namespace {

class FlashDriveTest : public DriveTest {
protected:
  FlashDriveTest() {
    config_.bandwidth = Rate(5e9);
    config_.latency = microseconds(80);
    workload_.file_size = Bytes(100'000'000);
  }

  /// The time that `bytes` take at the drive's bandwidth.
  sc_time takes(std::uint64_t bytes) const { return Bytes(bytes) / config_.bandwidth; }
  sc_time data(unsigned pages) const { return takes(4096ull * pages); }
  /// A command of `pages` pages: 64 bytes and an entry of 8 per page.
  sc_time fetch(unsigned pages) const {
    const Bytes bytes(64 + 8 * pages);
    return bytes / link_.read(bytes);
  }
  /// The completion entry of 16 bytes.
  sc_time completion() const { return Bytes(16) / link_.write(Bytes(16)); }

  /// When commands are done that are all in the queue at time zero.
  std::vector<sc_time> finish_times(const std::vector<unsigned>& commands) {
    build();
    spawn("submit", [&] {
      for (const unsigned pages : commands) driver_->fill(0, 0, allocate(pages));
      driver_->ring();
    });
    run();
    std::vector<sc_time> times;
    for (const auto& completion : driver_->completions) times.push_back(completion.time);
    return times;
  }
};

TEST_F(FlashDriveTest, OneCommandTakesFetchLatencyDataAndCompletion) {
  build();
  const Process& command = spawn_at(microseconds(3), "command", [&] {
    driver_->fill(0, 0, allocate(32));
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  run_to_edge(command, microseconds(3) + fetch(32) + config_.latency + data(32) + completion());
}

TEST_F(FlashDriveTest, ChannelsOverlapTheirLatencies) {
  config_.channels = 3;
  const sc_time c = fetch(1), l = config_.latency, d = data(1), e = completion();
  const std::vector<sc_time> expected{c + l + d + e, c + l + 2 * d + e, c + l + 3 * d + e,
                                      // The fourth is fetched when the first has left a channel.
                                      c + l + d + c + l + d + e};
  EXPECT_EQ(finish_times({1, 1, 1, 1}), expected);
}

TEST_F(FlashDriveTest, OneChannelDoesOneCommandAtATime) {
  config_.channels = 1;
  const sc_time one = fetch(4) + config_.latency + data(4);
  const sc_time e = completion();
  EXPECT_EQ(finish_times({4, 4, 4}), (std::vector<sc_time>{one + e, one * 2 + e, one * 3 + e}));
}

TEST_F(FlashDriveTest, AChannelIsBusyForLatencyAndDataOfItsCommands) {
  config_.channels = 3;
  finish_times({4, 4, 4, 4, 4});
  EXPECT_EQ(drive_->busy(), (config_.latency + data(4)) * 5 / 3)
      << "not while its data wait for those of another one";
}

TEST_F(FlashDriveTest, ManyCommandsReachTheBandwidth) {
  const std::vector<unsigned> commands(60, 32);
  const std::vector<sc_time> times = finish_times(commands);
  ASSERT_EQ(times.size(), commands.size());
  const double bytes = 60 * 32 * 4096.0;
  const double rate = bytes / (times.back() - config_.latency).to_seconds();
  EXPECT_NEAR(rate, config_.bandwidth.bytes_per_second(),
              0.01 * config_.bandwidth.bytes_per_second());
  EXPECT_LT(rate, config_.bandwidth.bytes_per_second());
}

TEST_F(FlashDriveTest, LaterCommandWaitsForTheChannelNotForTheOthersLatency) {
  build();
  spawn("first", [&] {
    driver_->fill(0, 0, allocate(1));
    driver_->ring();
  });
  spawn_at(microseconds(30), "second", [&] {
    driver_->fill(0, 4096, allocate(1));
    driver_->ring();
  });
  run();
  const sc_time alone = fetch(1) + config_.latency + data(1) + completion();
  ASSERT_EQ(driver_->completions.size(), 2U);
  EXPECT_EQ(driver_->completions[0].time, alone);
  EXPECT_EQ(driver_->completions[1].time, microseconds(30) + alone);
}

TEST_F(FlashDriveTest, QueueWrapsAround) {
  config_.queue_depth = 4;
  build(Data::kBytes);
  std::vector<SegmentList> lists;
  spawn("driver", [&] {
    for (std::uint64_t round = 0; round < 5; ++round) {
      for (std::uint64_t i = 0; i < 3; ++i) {  // one entry stays empty
        lists.push_back(allocate(2));
        driver_->fill(0, (round * 3 + i) * 8192, lists.back());
      }
      driver_->ring();
      while (driver_->completions.size() < lists.size()) sc_core::wait(driver_->completed);
    }
    for (std::size_t i = 0; i < lists.size(); ++i) {  // each has brought its own bytes
      Content content;
      bench_->ports[0].dma_read(Movement::kTransmitPage, lists[i], content, Rate(1e9));
      EXPECT_TRUE(media_->holds(0, i * 8192, Bytes(8192), content)) << i;
    }
  });
  run();
  ASSERT_EQ(driver_->completions.size(), 15U);
  for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(driver_->completions[i].command, i + 1);
}

TEST_F(FlashDriveTest, TailOfTheLastPageIsNotTransferred) {
  build();
  SegmentList pages = allocate(2);
  pages[1].bytes = 100;
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, pages);
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  run_to_edge(command, fetch(2) + config_.latency + takes(4196) + completion());
  EXPECT_EQ(bench_->ledger.account(Movement::kDiskRead).bytes, 4196U);
  EXPECT_EQ(bench_->ledger.account(Movement::kDiskCommand).bytes, 64U + 2 * 8);
  EXPECT_EQ(bench_->ledger.account(Movement::kDiskCompletion).bytes, 16U);
}

TEST_F(FlashDriveTest, OneInterruptForAllCompletionsPending) {
  build();
  driver_->reaction = milliseconds(1);
  spawn("submit", [&] {
    for (int i = 0; i < 5; ++i) driver_->fill(0, 0, allocate(1));
    driver_->ring();
    sc_core::wait(milliseconds(5));
    driver_->fill(0, 0, allocate(1));
    driver_->ring();
  });
  run();
  const sc_time alone = fetch(1) + config_.latency + data(1) + completion();
  ASSERT_EQ(driver_->interrupts.size(), 2U);
  EXPECT_EQ(driver_->interrupts[0], alone);
  EXPECT_EQ(driver_->interrupts[1], milliseconds(5) + alone);
  EXPECT_EQ(driver_->completions.size(), 6U);
  EXPECT_EQ(driver_->completions[4].time, driver_->interrupts[0] + milliseconds(1));
}

TEST_F(FlashDriveTest, PromptDriverGetsAnInterruptPerCompletion) {
  finish_times({1, 1, 1, 1, 1});
  EXPECT_EQ(driver_->interrupts.size(), 5U);
}

TEST_F(FlashDriveTest, NarrowLinkSlowsTheTransfer) {
  link_ = PcieLink({3, 1}, {});
  build();
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, allocate(32));
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  const sc_time transfer = Bytes(32 * 4096) / link_.write(Bytes(4096));
  EXPECT_GT(transfer, takes(32 * 4096) * 5.0);
  run_to_edge(command, fetch(32) + config_.latency + transfer + completion());
}

TEST_F(FlashDriveTest, UnknownRegisterIsRefused) {
  build();
  spawn("driver", [&] {
    EXPECT_EQ(driver_->ring(0x1000), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(driver_->ring(), tlm::TLM_OK_RESPONSE);
  });
  run();
  EXPECT_TRUE(driver_->completions.empty()) << "the tail has not moved";
}

TEST_F(FlashDriveTest, ContendedBusSlowsTheTransfer) {
  // A core copies at the bus's whole capacity: each of the two gets half of it.
  config_.bandwidth = Rate(96e9);
  build();
  spawn_endless("core", [&] {
    const SegmentList from = allocate(1), to = allocate(1);
    for (int i = 0; i < 4000; ++i) {
      bench_->ports[0].copy(Movement::kCopyToUser, from, to, Rate(96e9));
    }
  });
  spawn("submit", [&] {
    driver_->fill(0, 0, allocate(256));
    driver_->ring();
  });
  run();
  const double taken = (driver_->completions.at(0).time - config_.latency).to_seconds();
  EXPECT_NEAR(taken, 256 * 4096 / 48e9, 0.01 * 256 * 4096 / 48e9);
}

TEST_F(FlashDriveTest, FirmwareDelaysACommandButHoldsNoChannel) {
  config_.channels = 1;
  config_.firmware = microseconds(20);
  const sc_time one = fetch(1) + config_.latency + data(1);
  const sc_time rest = config_.firmware + completion();
  EXPECT_EQ(finish_times({1, 1}), (std::vector<sc_time>{one + rest, one * 2 + rest}));
}

TEST_F(FlashDriveTest, AhciFetchesHeadersAndPhysicalRegions) {
  config_.kind = DiskKind::kSataSsd;
  config_.queue_depth = 32;
  config_.bandwidth = Rate(5e9);  // the cable carries 600 MB/s less 16 bytes per 8 KiB
  build();
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, allocate(4));
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  const Bytes entries(32 + 64 + 4 * 16);
  const sc_time cable = Bytes(16384) / (Rate(600e6) * (8192.0 / 8208));
  run_to_edge(command, entries / link_.read(entries) + config_.latency + cable +
                           Bytes(8) / link_.write(Bytes(8)));
}

TEST_F(FlashDriveTest, SataTakesThirtyTwoCommandsAtOnce) {
  config_.kind = DiskKind::kSataSsd;
  config_.queue_depth = 32;
  config_.latency = milliseconds(1);
  const std::vector<sc_time> times = finish_times(std::vector<unsigned>(32, 1));
  ASSERT_EQ(times.size(), 32U);
  EXPECT_LT(times.back(), milliseconds(2)) << "all at once";
}

// ---- Writes.

TEST_F(FlashDriveTest, WriteIsAcknowledgedFromTheBuffer) {
  config_.write_latency = microseconds(4);
  build();
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, allocate(8), Movement::kDiskWrite);
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  run_to_edge(command, fetch(8) + Bytes(8 * 4096) / link_.read(Bytes(4096)) +
                           config_.write_latency + completion());
  EXPECT_EQ(bench_->ledger.account(Movement::kDiskWrite).bytes, 8U * 4096);
}

TEST_F(FlashDriveTest, ManyWritesGoAtTheRateOfTheMedia) {
  config_.write_bandwidth = Rate(1e9);
  config_.write_buffer = kMiB;
  const Load load{16, 32, 400, false, 0, Movement::kDiskWrite};
  EXPECT_NEAR(bytes_per_second(load), 1e9, 0.03e9) << "beyond the first megabyte";
}

TEST_F(FlashDriveTest, WhatWasWrittenIsReadBack) {
  {
    build(Data::kBytes);
    Content other;
    media_->read(7 % media_->files(), 40'960, Bytes(8192), other, kNextVersion);
    const SegmentList from = allocate(2), to = allocate(4);
    bench_->bus.preset(from, other);
    spawn("driver", [&] {
      driver_->fill(0, 4096, from, Movement::kDiskWrite);
      driver_->ring();
      sc_core::wait(driver_->completed);
      driver_->fill(0, 0, to);
      driver_->ring();
      sc_core::wait(driver_->completed);
    });
    run();
    Content before, after;
    media_->read(0, 0, Bytes(4096), before);
    media_->read(0, 3 * 4096, Bytes(4096), after);
    const auto holds = [&](const SegmentList& list, const Content& content) {
      const Content found = bench_->bus.inspect(list);
      return found.bytes() == content.bytes() && found.runs().size() == content.runs().size() &&
             found.runs()[0].offset == content.runs()[0].offset &&
             found.runs()[0].version == content.runs()[0].version;
    };
    EXPECT_TRUE(holds({to[0]}, before));
    EXPECT_TRUE(holds({to[1], to[2]}, other));
    EXPECT_TRUE(holds({to[3]}, after));
  }
}

// ---- Errors.

TEST_F(FlashDriveTest, WhatCannotBeReadFailsAndMovesNothing) {
  faults_.disk_error_rate = 1;
  build();
  const Process& command = spawn("command", [&] {
    driver_->fill(0, 0, allocate(2));
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  run_to_edge(command, fetch(2) + config_.latency + completion());
  ASSERT_EQ(driver_->completions.size(), 1U);
  EXPECT_TRUE(driver_->completions[0].failed);
  EXPECT_EQ(bench_->ledger.account(Movement::kDiskRead).bytes, 0U);
}

}  // namespace
}  // namespace copypath
