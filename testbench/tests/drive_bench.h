// A drive of any kind with what it needs around it: memory, and a driver that fills the queue and
// takes interrupts; and loads as benchmarks of drives make them.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "models/disk/drive.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {

/// The driver's side of the drive.
class TestDriver : public sc_core::sc_module, public InterruptLine {
public:
  struct Completion {
    std::uintptr_t command;
    sc_time time;
    bool failed;
  };

  tlm_utils::simple_initiator_socket<TestDriver> registers{"registers"};
  std::vector<Completion> completions;
  std::vector<sc_time> interrupts;
  sc_time reaction;  ///< from the interrupt to looking into the completion queue
  sc_core::sc_event completed;

  TestDriver(const sc_core::sc_module_name& name, DiskQueues& queues)
      : sc_module(name), queues_(queues) {
    SC_HAS_PROCESS(TestDriver);
    SC_METHOD(look);
    sensitive << look_;
    dont_initialize();
  }

  /// Puts a command into the queue, without telling the drive.
  void fill(std::uint32_t file, std::uint64_t offset, SegmentList pages,
            Movement movement = Movement::kDiskRead, std::uint64_t position = 0) {
    auto* const cookie = reinterpret_cast<void*>(++commands_);
    queues_.submission[tail_] = {file, offset, std::move(pages), cookie, movement, position};
    tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.submission.size());
  }

  tlm::tlm_response_status ring(std::uint64_t address = Drive::kTailDoorbell) {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
    payload.set_data_length(sizeof tail_);
    sc_time delay;
    registers->b_transport(payload, delay);
    return payload.get_response_status();
  }

  sc_time raise(sc_time delay) override {
    interrupts.push_back(sc_core::sc_time_stamp() + delay);
    look_.notify(delay + reaction);
    return interrupts.back() + reaction;
  }

private:
  void look() {
    queues_.interrupt_pending = false;
    for (; !queues_.completion.empty(); queues_.completion.pop_front()) {
      completions.push_back({reinterpret_cast<std::uintptr_t>(queues_.completion.front().cookie),
                             sc_core::sc_time_stamp(), queues_.completion.front().failed});
    }
    completed.notify();
  }

  DiskQueues& queues_;
  std::uintptr_t commands_ = 0;
  std::uint32_t tail_ = 0;
  sc_core::sc_event look_;
};

class DriveTest : public SimulationTest {
protected:
  void build(Data data = Data::kTags) {
    workload_.data = data;
    media_ = std::make_unique<Media>(workload_, faults_);
    queues_ = std::make_unique<DiskQueues>(DiskProtocol::entries(config_));
    bench_ = std::make_unique<MemoryBench>("bench", MemoryConfig{}, Timing::kFluid, 1, data);
    drive_ = Drive::make("drive", config_, link_, *queues_, *media_);
    driver_ = std::make_unique<TestDriver>("driver", *queues_);
    drive_->memory.bind(bench_->bus.in);
    drive_->commands.bind(bench_->bus.in);
    drive_->completions.bind(bench_->bus.in);
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

  /// A load: `commands` commands of `pages` pages, `depth` of them in the queue at any time.
  struct Load {
    unsigned depth;
    unsigned pages;
    unsigned commands;
    bool random = false;  ///< at places all over `extent`; otherwise one behind the other
    std::uint64_t extent = 0;
    Movement movement = Movement::kDiskRead;
  };
  /// How long it takes.
  sc_time run_load(const Load& load) {
    build();
    sc_time end;
    spawn("load", [this, load, &end] {
      const SegmentList list = allocate(load.pages);
      const std::uint64_t bytes = size_of(list).count();
      std::mt19937_64 random(1);
      for (unsigned sent = 0; driver_->completions.size() < load.commands;) {
        for (; sent < load.commands && sent - driver_->completions.size() < load.depth; ++sent) {
          const std::uint64_t place =
              load.random ? random() % (load.extent / bytes) * bytes : bytes * sent;
          driver_->fill(0, 0, list, load.movement, place);
        }
        driver_->ring();
        sc_core::wait(driver_->completed);
      }
      end = sc_core::sc_time_stamp();
    });
    run();
    return end;
  }
  double commands_per_second(const Load& load) {
    return load.commands / run_load(load).to_seconds();
  }
  double bytes_per_second(const Load& load) {
    return commands_per_second(load) * load.pages * 4096.0;
  }

  DiskConfig config_;
  PcieLink link_{{5, 16}, {}};  // wider than the drive
  WorkloadConfig workload_;
  FaultConfig faults_;
  std::unique_ptr<Media> media_;
  std::unique_ptr<DiskQueues> queues_;
  std::unique_ptr<MemoryBench> bench_;
  std::unique_ptr<Drive> drive_;
  std::unique_ptr<TestDriver> driver_;
};

}  // namespace copypath
