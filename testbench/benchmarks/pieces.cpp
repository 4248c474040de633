// All pieces are on one machine, which is elaborated when the first of them is measured, and not
// before. What can only be done by a process is done by a task on that machine.
#include "testbench/benchmarks/pieces.h"

#include <benchmark/benchmark.h>
#include <sysc/kernel/sc_dynamic_processes.h>  // not part of <systemc> unless asked for

#include <deque>
#include <functional>
#include <string>
#include <systemc>

#include "models/platform/machine.h"

namespace copypath::benchmarks {

namespace {

constexpr unsigned kMasters = 8;
constexpr std::uint64_t kPages = 1024;  // of the file, all in memory
constexpr Bytes kChunk{64 * 1024};

Config machine() {
  Config config;
  config.workload.file_size = kPageSize * kPages;
  config.page_cache.warm = 1;
  return config;
}

/// A bus with masters that keep it busy as long as they are told to.
class BusyBus : public sc_core::sc_module {
public:
  Ledger ledger;
  PhysicalMemory memory{Data::kTags};
  MemoryBus bus;
  std::deque<MemoryPort> ports;

  BusyBus(const sc_core::sc_module_name& name, Timing timing)
      : sc_module(name), bus("bus", with(timing), memory, ledger) {
    for (unsigned i = 0; i < kMasters; ++i) {
      ports.emplace_back(("port" + std::to_string(i)).c_str()).bind(bus.in);
      sc_core::sc_spawn([this, i] { work(i); }, sc_core::sc_gen_unique_name("work"));
    }
  }

  /// So many masters read 64 KiB after 64 KiB, for `time`.
  void work_for(unsigned masters, sc_time time) {
    working_ = masters;
    work_.notify();
    sc_core::sc_start(time);
    working_ = 0;
    sc_core::sc_start();
  }

  std::uint64_t transfers() const { return ledger.account(Movement::kDescriptors).transfers; }
  std::uint64_t bus_bytes() const { return ledger.account(Movement::kDescriptors).bus_bytes; }

private:
  static Config with(Timing timing) {
    Config config;
    config.timing = timing;
    return config;
  }

  void work(unsigned number) {
    for (;;) {
      while (number >= working_) wait(work_);
      ports[number].control(Movement::kDescriptors, kChunk, Rate(20e9 + 1e9 * number));
    }
  }

  unsigned working_ = 0;
  sc_core::sc_event work_;
};

struct Bench {
  Machine machine{"machine", benchmarks::machine(), *find_path("sendfile")};
  BusyBus fluid{"fluid", Timing::kFluid};
  BusyBus burst{"burst", Timing::kBurst};

  /// Lets the machine do its own work, and so elaborates.
  Bench() {
    while (!machine.finished()) sc_core::sc_start(milliseconds(1));
    sc_core::sc_start();
  }

  /// Runs `body` as a task.
  void as_task(const std::function<void(Task&)>& body) {
    sc_core::sc_spawn([&] {
      Task task(machine.cpu, 1);
      task.start();
      body(task);
      task.finish();
    });
    sc_core::sc_start();
  }
};

Bench& bench() {
  static Bench* const bench = new Bench;  // SystemC's own objects outlive main(), too
  return *bench;
}

void ledger_entry(benchmark::State& state) {
  Ledger ledger;
  for (auto _ : state) {
    ledger.open(Movement::kCopyToUser);
    ledger.close(Movement::kCopyToUser, kChunk, kChunk * 2, {kChunk, kChunk});
    benchmark::DoNotOptimize(ledger);
  }
}

void page_cache_lookup(benchmark::State& state) {
  bench().as_task([&](Task& task) {
    PageCache& cache = bench().machine.kernel.page_cache;
    OpenFile file = cache.open(0);
    SegmentList pages;
    for (auto _ : state) {
      pages.clear();
      cache.get_pages(task, file, kChunk, pages);
      for (const Segment& page : pages) cache.put_pages(page);
      file.position = (file.position + kChunk) % file.size;
    }
  });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kChunk / kPageSize));
}

/// An skb with 16 pages of the page cache, made and freed.
void skb_life(benchmark::State& state) {
  bench().as_task([&](Task& task) {
    Machine& machine = bench().machine;
    SkbAllocator& skbs = machine.kernel.skbs;
    TcpSocket& socket = machine.server.connections().front()->socket;
    OpenFile file = machine.kernel.page_cache.open(0);
    SegmentList pages;
    machine.kernel.page_cache.get_pages(task, file, kChunk, pages);
    for (auto _ : state) {
      Skb& skb = *skbs.allocate(socket, 0);
      for (const Segment& page : pages) {
        const Fragment fragment{page, Place::kPageCache};
        skbs.hold(fragment);
        skbs.append(skb, fragment);
      }
      skbs.free(&skb);
    }
    for (const Segment& page : pages) machine.kernel.page_cache.put_pages(page);
  });
}

/// A transfer of one of so many masters: up to four fit on the bus, more have to share it.
void fluid_step(benchmark::State& state) {
  BusyBus& bus = bench().fluid;
  const std::uint64_t before = bus.transfers();
  for (auto _ : state) bus.work_for(static_cast<unsigned>(state.range(0)), milliseconds(1));
  state.SetItemsProcessed(static_cast<std::int64_t>(bus.transfers() - before));
}

void burst_grant(benchmark::State& state) {
  BusyBus& bus = bench().burst;
  const std::uint64_t before = bus.bus_bytes();
  for (auto _ : state) bus.work_for(static_cast<unsigned>(state.range(0)), milliseconds(1));
  const Bytes burst = MemoryConfig().burst;
  state.SetItemsProcessed(static_cast<std::int64_t>(Bytes(bus.bus_bytes() - before) / burst));
}

}  // namespace

void register_pieces() {
  benchmark::RegisterBenchmark("ledger_entry", ledger_entry);
  benchmark::RegisterBenchmark("page_cache_lookup", page_cache_lookup);
  benchmark::RegisterBenchmark("skb_life", skb_life);
  benchmark::RegisterBenchmark("fluid_step", fluid_step)->Arg(1)->Arg(4)->Arg(8);
  benchmark::RegisterBenchmark("burst_grant", burst_grant)->Arg(1)->Arg(4)->Arg(8);
}

}  // namespace copypath::benchmarks
