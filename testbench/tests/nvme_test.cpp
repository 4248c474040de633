// Laws of the drive: a command takes its fetch, the media latency, its data and its completion
// entry, to the picosecond; channels overlap latencies but not transfers; the DMA engine reaches
// the bandwidth; queues wrap around; one interrupt serves all completions that are pending.
#include "models/disk/nvme.h"

#include <memory>
#include <vector>

#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

/// The driver's side of the drive.
class Driver : public sc_core::sc_module, public InterruptLine {
public:
  struct Completion {
    std::uintptr_t command;
    sc_time time;
  };

  tlm_utils::simple_initiator_socket<Driver> registers{"registers"};
  std::vector<Completion> completions;
  std::vector<sc_time> interrupts;
  sc_time reaction;  ///< from the interrupt to looking into the completion queue
  sc_core::sc_event completed;

  Driver(const sc_core::sc_module_name& name, DiskQueues& queues)
      : sc_module(name), queues_(queues) {
    SC_HAS_PROCESS(Driver);
    SC_METHOD(look);
    sensitive << look_;
    dont_initialize();
  }

  /// Puts a command into the queue, without telling the drive.
  void fill(std::uint32_t file, std::uint64_t offset, SegmentList pages) {
    auto* const cookie = reinterpret_cast<void*>(++commands_);
    queues_.submission[tail_] = {file, offset, std::move(pages), cookie};
    tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.submission.size());
  }

  tlm::tlm_response_status ring(std::uint64_t address = Nvme::kTailDoorbell) {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
    payload.set_data_length(sizeof tail_);
    sc_time delay;
    registers->b_transport(payload, delay);
    return payload.get_response_status();
  }

  void raise() override {
    interrupts.push_back(sc_core::sc_time_stamp());
    look_.notify(reaction);
  }

private:
  void look() {
    queues_.interrupt_pending = false;
    for (; !queues_.completion.empty(); queues_.completion.pop_front()) {
      completions.push_back(
          {reinterpret_cast<std::uintptr_t>(queues_.completion.front()), sc_core::sc_time_stamp()});
    }
    completed.notify();
  }

  DiskQueues& queues_;
  std::uintptr_t commands_ = 0;
  std::uint32_t tail_ = 0;
  sc_core::sc_event look_;
};

class NvmeTest : public SimulationTest {
protected:
  NvmeTest() {
    config_.bandwidth = Rate(5e9);
    config_.latency = microseconds(80);
    workload_.file_size = Bytes(100'000'000);
  }

  void build(Data data = Data::kTags) {
    workload_.data = data;
    media_ = std::make_unique<Media>(workload_);
    queues_ = std::make_unique<DiskQueues>(config_.queue_depth);
    bench_ = std::make_unique<MemoryBench>("bench", MemoryConfig{}, Timing::kFluid, 1, data);
    drive_ = std::make_unique<Nvme>("drive", config_, link_, *queues_, *media_);
    driver_ = std::make_unique<Driver>("driver", *queues_);
    drive_->memory.bind(bench_->bus.in);
    drive_->commands.bind(bench_->bus.in);
    drive_->irq(*driver_);
    driver_->registers.bind(drive_->registers);
  }

  SegmentList allocate(unsigned pages) {
    SegmentList list;
    for (unsigned i = 0; i < pages; ++i) {
      list.push_back({address_of(bench_->memory.allocate()), 4096});
    }
    return list;
  }

  /// The time that `bytes` take at the drive's bandwidth.
  sc_time takes(std::uint64_t bytes) const { return Bytes(bytes) / config_.bandwidth; }
  /// A command of `pages` pages: 64 bytes and an entry of 8 per page.
  sc_time fetch(unsigned pages) const {
    const Bytes bytes(64 + 8 * pages);
    return bytes / link_.read(bytes);
  }
  sc_time completion() const { return Bytes(16) / link_.write(Bytes(16)); }
  /// Its data, and the completion entry of 16 bytes.
  sc_time data(unsigned pages) const { return takes(4096ull * pages) + completion(); }

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

  DiskConfig config_;
  PcieLink link_{{5, 16}, {}};  // wider than the drive
  WorkloadConfig workload_;
  std::unique_ptr<Media> media_;
  std::unique_ptr<DiskQueues> queues_;
  std::unique_ptr<MemoryBench> bench_;
  std::unique_ptr<Nvme> drive_;
  std::unique_ptr<Driver> driver_;
};

TEST_F(NvmeTest, OneCommandTakesFetchLatencyDataAndCompletion) {
  build();
  const Process& command = spawn_at(microseconds(3), "command", [&] {
    driver_->fill(0, 0, allocate(32));
    driver_->ring();
    sc_core::wait(driver_->completed);
  });
  run_to_edge(command, microseconds(3) + fetch(32) + config_.latency + data(32));
}

TEST_F(NvmeTest, ChannelsOverlapTheirLatencies) {
  config_.channels = 3;
  const sc_time c = fetch(1), l = config_.latency, d = data(1);
  const std::vector<sc_time> expected{c + l + d, c + l + 2 * d, c + l + 3 * d,
                                      // The fourth is fetched when the first has left a channel.
                                      c + l + d + c + l + d};
  EXPECT_EQ(finish_times({1, 1, 1, 1}), expected);
}

TEST_F(NvmeTest, OneChannelDoesOneCommandAtATime) {
  config_.channels = 1;
  const sc_time one = fetch(4) + config_.latency + data(4);
  EXPECT_EQ(finish_times({4, 4, 4}), (std::vector<sc_time>{one, one * 2, one * 3}));
}

TEST_F(NvmeTest, ManyCommandsReachTheBandwidth) {
  const std::vector<unsigned> commands(60, 32);
  const std::vector<sc_time> times = finish_times(commands);
  ASSERT_EQ(times.size(), commands.size());
  const double bytes = 60 * 32 * 4096.0;
  const double rate = bytes / (times.back() - config_.latency).to_seconds();
  EXPECT_NEAR(rate, config_.bandwidth.bytes_per_second(),
              0.01 * config_.bandwidth.bytes_per_second());
  EXPECT_LT(rate, config_.bandwidth.bytes_per_second());
}

TEST_F(NvmeTest, LaterCommandWaitsForTheChannelNotForTheOthersLatency) {
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
  const sc_time alone = fetch(1) + config_.latency + data(1);
  ASSERT_EQ(driver_->completions.size(), 2U);
  EXPECT_EQ(driver_->completions[0].time, alone);
  EXPECT_EQ(driver_->completions[1].time, microseconds(30) + alone);
}

TEST_F(NvmeTest, QueueWrapsAround) {
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

TEST_F(NvmeTest, TailOfTheLastPageIsNotTransferred) {
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

TEST_F(NvmeTest, OneInterruptForAllCompletionsPending) {
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
  const sc_time alone = fetch(1) + config_.latency + data(1);
  ASSERT_EQ(driver_->interrupts.size(), 2U);
  EXPECT_EQ(driver_->interrupts[0], fetch(1) + config_.latency + data(1));
  EXPECT_EQ(driver_->interrupts[1], milliseconds(5) + alone);
  EXPECT_EQ(driver_->completions.size(), 6U);
  EXPECT_EQ(driver_->completions[4].time, driver_->interrupts[0] + milliseconds(1));
}

TEST_F(NvmeTest, PromptDriverGetsAnInterruptPerCompletion) {
  finish_times({1, 1, 1, 1, 1});
  EXPECT_EQ(driver_->interrupts.size(), 5U);
}

TEST_F(NvmeTest, NarrowLinkSlowsTheTransfer) {
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

TEST_F(NvmeTest, UnknownRegisterIsRefused) {
  build();
  spawn("driver", [&] {
    EXPECT_EQ(driver_->ring(0x1000), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(driver_->ring(), tlm::TLM_OK_RESPONSE);
  });
  run();
  EXPECT_TRUE(driver_->completions.empty()) << "the tail has not moved";
}

TEST_F(NvmeTest, ContendedBusSlowsTheTransfer) {
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

}  // namespace
}  // namespace copypath
