// Laws of time on the memory bus, in both timings: a transfer alone takes its bytes at the slower
// of bus and master, concurrent ones share as the arbitration says and speed up when others end,
// and burst timing agrees with fluid timing on random traffic to within a few bursts per master.
#include "models/memory/bus_timing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <tuple>
#include <vector>

#include "models/memory/fair_shares.h"
#include "testbench/tests/memory_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

constexpr double kCapacity = 64e9;  // 64 bytes take a nanosecond, a burst four
constexpr double kUnlimited = 1e12;

MemoryConfig bus_config(Arbitration arbitration = Arbitration::kRoundRobin) {
  MemoryConfig config;
  config.bandwidth = Rate(2 * kCapacity);
  config.efficiency = 0.5;
  config.burst = Bytes(256);
  config.arbitration = arbitration;
  return config;
}

/// One transfer without content: `bytes` that cross the bus once for a device, twice for a core.
struct Job {
  Movement movement;
  std::uint64_t bytes;
  double limit;
  sc_time start;
};

constexpr Movement kNic = Movement::kTransmitPage;
constexpr Movement kDisk = Movement::kDiskRead;
constexpr Movement kCore = Movement::kCopyToUser;

std::uint64_t crossings(const Job& job) { return job.movement == kCore ? 2 : 1; }
std::uint64_t bus_bytes(const Job& job) { return job.bytes * crossings(job); }

class BusTimingTest : public SimulationTest {
protected:
  /// A bus with one master per job; the processes are in the order of the jobs.
  std::vector<const Process*> spawn_jobs(Timing timing, Arbitration arbitration,
                                         const std::vector<Job>& jobs) {
    benches_.push_back(std::make_unique<MemoryBench>(sc_core::sc_gen_unique_name("bench"),
                                                     bus_config(arbitration), timing,
                                                     static_cast<unsigned>(jobs.size())));
    std::vector<const Process*> processes;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      MemoryPort& port = benches_.back()->ports[i];
      const Job job = jobs[i];
      processes.push_back(&spawn_at(job.start, "master" + std::to_string(i), [=, &port] {
        port.control(job.movement, Bytes(job.bytes), Rate(job.limit));
      }));
    }
    return processes;
  }

  /// kMasters of them, together up to about three times what the bus can do, at random times.
  std::vector<Job> random_jobs() {
    std::vector<Job> jobs;
    for (unsigned i = 0; i < kMasters; ++i) {
      const auto movement = std::array{kNic, kDisk, kCore}[random_() % 3];
      const std::uint64_t bytes = 256 + random_() % 500000;
      const double limit = kCapacity * std::uniform_real_distribution<>(0.02, 0.8)(random_);
      const auto start = sc_time::from_value(random_() % 20'000'000);
      jobs.push_back({movement, bytes, limit, start});
    }
    return jobs;
  }

  static constexpr unsigned kMasters = 8;

private:
  std::vector<std::unique_ptr<MemoryBench>> benches_;
  std::mt19937 random_{5};
};

class EitherTiming : public BusTimingTest, public ::testing::WithParamInterface<Timing> {
protected:
  std::vector<const Process*> spawn_jobs(const std::vector<Job>& jobs,
                                         Arbitration arbitration = Arbitration::kRoundRobin) {
    return BusTimingTest::spawn_jobs(GetParam(), arbitration, jobs);
  }

  /// Fluid timing is exact to the picosecond to which it rounds; burst timing to a few bursts for
  /// every master that shares the bus.
  void expect_finish(const std::vector<const Process*>& processes,
                     const std::vector<sc_time>& expected) {
    const double bursts = 2.0 * static_cast<double>(processes.size());
    const double tolerance = GetParam() == Timing::kFluid ? 1 : bursts * 256 / kCapacity * 1e12;
    for (std::size_t i = 0; i < processes.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(processes[i]->finish.value()),
                  static_cast<double>(expected[i].value()), tolerance)
          << processes[i]->name;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Timings, EitherTiming, ::testing::ValuesIn(kTimings), kNameOfParameter);

// 64000 bytes by DMA cross once: 1 us at the rate of the bus.
TEST_P(EitherTiming, DmaAloneIsDoneAtTheRateOfTheBusAndNotBefore) {
  run_to_edge(*spawn_jobs({{kNic, 64000, kUnlimited, nanoseconds(5)}})[0], nanoseconds(1005));
}

// A core's copy crosses twice: 64000 bytes take 2 us.
TEST_P(EitherTiming, CopyAloneCrossesTwice) {
  run_to_edge(*spawn_jobs({{kCore, 64000, kUnlimited, nanoseconds(0)}})[0], nanoseconds(2000));
}

// 10 GB/s of payload, whatever the crossings: 64000 bytes take 6.4 us.
TEST_P(EitherTiming, SlowMasterAloneKeepsItsOwnPace) {
  const auto processes = spawn_jobs({{kDisk, 64000, 10e9, nanoseconds(0)}});
  run_to_edge(*processes[0], nanoseconds(6400));
}

TEST_P(EitherTiming, SlowCopyAloneKeepsItsOwnPace) {
  run_to_edge(*spawn_jobs({{kCore, 64000, 10e9, nanoseconds(0)}})[0], nanoseconds(6400));
}

// Sizes that are no multiple of a burst, in rounded picoseconds: 1 byte takes 15.6 ps.
TEST_P(EitherTiming, OddSizesTakeTheirOwnTimeRoundedUp) {
  for (const std::uint64_t bytes : {1U, 63U, 255U, 257U, 4095U}) {
    const auto process = spawn_jobs({{kNic, bytes, kUnlimited, nanoseconds(0)}})[0];
    spawn("check", [=] {
      wait_until(nanoseconds(1000));
      EXPECT_EQ(process->finish.value(), (bytes * 1000 + 63) / 64) << bytes << " bytes";
    });
  }
  run();
}

TEST_P(EitherTiming, TwoAtFullDemandShareEvenly) {
  const auto processes = spawn_jobs(
      {{kNic, 640000, kUnlimited, nanoseconds(0)}, {kDisk, 640000, kUnlimited, nanoseconds(0)}});
  run();
  for (const Process* process : processes) {
    EXPECT_NEAR(process->finish.to_seconds(), 20e-6, 20e-6 / 100);
  }
}

// The core's copy crosses twice, so of an even share of the bus it moves half as much payload.
TEST_P(EitherTiming, ShareIsOfTheBusNotOfThePayload) {
  const auto processes = spawn_jobs(
      {{kNic, 640000, kUnlimited, nanoseconds(0)}, {kCore, 320000, kUnlimited, nanoseconds(0)}});
  run();
  expect_finish(processes, {nanoseconds(20000), nanoseconds(20000)});
}

// The slow one takes 16 bytes per ns and loses nothing; the fast ones get 24 each of the rest.
TEST_P(EitherTiming, SlowAndFastShareMaxMin) {
  const auto processes = spawn_jobs({{kDisk, 192000, 16e9, nanoseconds(0)},
                                     {kNic, 240000, kUnlimited, nanoseconds(0)},
                                     {kCore, 120000, kUnlimited, nanoseconds(0)}});
  run();
  expect_finish(processes, {nanoseconds(12000), nanoseconds(10000), nanoseconds(10000)});
}

// A and B share at 32 bytes per ns. At 1 us C joins: 64/3 each, until A has the 32000 it lacked at
// 2.5 us. C needs 32000 more at 32: 3.5 us. B is alone with the 96000 left, at 64: 5 us.
TEST_P(EitherTiming, WhoIsLeftSpeedsUpWhenAnotherEnds) {
  const auto processes = spawn_jobs({{kNic, 64000, kUnlimited, nanoseconds(0)},
                                     {kDisk, 192000, kUnlimited, nanoseconds(0)},
                                     {kNic, 64000, kUnlimited, nanoseconds(1000)}});
  run();
  expect_finish(processes, {nanoseconds(2500), nanoseconds(5000), nanoseconds(3500)});
}

// Both end at the same time, then the bus is free for the third.
TEST_P(EitherTiming, EndsAtTheSameTimeDoNotDisturb) {
  const auto processes = spawn_jobs({{kNic, 64000, kUnlimited, nanoseconds(0)},
                                     {kNic, 64000, kUnlimited, nanoseconds(0)},
                                     {kNic, 64000, kUnlimited, nanoseconds(2000)}});
  run();
  expect_finish(processes, {nanoseconds(2000), nanoseconds(2000), nanoseconds(3000)});
}

// The NIC alone until 3 us; then the disk until 4 us; the core had to wait for both.
TEST_P(EitherTiming, PriorityStarvesTheLowerRanks) {
  const auto processes = spawn_jobs({{kCore, 64000, kUnlimited, nanoseconds(0)},
                                     {kDisk, 64000, kUnlimited, nanoseconds(1000)},
                                     {kNic, 128000, kUnlimited, nanoseconds(1000)}},
                                    Arbitration::kPriority);
  run();
  expect_finish(processes, {nanoseconds(5000), nanoseconds(4000), nanoseconds(3000)});
}

// The NIC takes half the bus at its own pace; the two cores share the other half evenly.
TEST_P(EitherTiming, PriorityLeavesTheRestToTheCoresEvenly) {
  const auto processes = spawn_jobs({{kCore, 64000, kUnlimited, nanoseconds(0)},
                                     {kCore, 64000, kUnlimited, nanoseconds(0)},
                                     {kNic, 256000, kCapacity / 2, nanoseconds(0)}},
                                    Arbitration::kPriority);
  run();
  expect_finish(processes, {nanoseconds(8000), nanoseconds(8000), nanoseconds(8000)});
}

// Weights 2 and 1: the NIC gets two thirds, 96000 bytes in 2.25 us, and the core 48000 meanwhile;
// the 80000 left take 1.25 us at full rate.
TEST_P(EitherTiming, WeightedSharesAreInProportion) {
  const auto processes = spawn_jobs(
      {{kCore, 64000, kUnlimited, nanoseconds(0)}, {kNic, 96000, kUnlimited, nanoseconds(0)}},
      Arbitration::kWeighted);
  run();
  expect_finish(processes, {nanoseconds(3500), nanoseconds(2250)});
}

// ---- Who comes first in burst timing. A core's 128 bytes, which cross twice, are a burst of 4 ns.

class BurstOrder : public BusTimingTest {
protected:
  void expect_finish(const std::vector<Job>& jobs, const std::vector<sc_time>& expected) {
    const auto processes = spawn_jobs(Timing::kBurst, Arbitration::kPriority, jobs);
    run();
    for (std::size_t i = 0; i < processes.size(); ++i) {
      EXPECT_EQ(processes[i]->finish, expected[i]) << processes[i]->name;
    }
  }
};

TEST_F(BurstOrder, WhoAsksInTheSameInstantIsEqual) {
  const sc_time start = nanoseconds(10);
  expect_finish({{kCore, 128, kUnlimited, start}, {kNic, 256, kUnlimited, start}},
                {nanoseconds(18), nanoseconds(14)});
}

TEST_F(BurstOrder, WhoAsksDuringABurstIsThereAtItsEnd) {
  expect_finish({{kCore, 128, kUnlimited, nanoseconds(0)},
                 {kCore, 128, kUnlimited, nanoseconds(1)},
                 {kNic, 256, kUnlimited, sc_time::from_value(3999)}},
                {nanoseconds(4), nanoseconds(12), nanoseconds(8)});
}

TEST_F(BurstOrder, WhoAsksWhenABurstEndsComesAfterThoseThatHaveWaited) {
  expect_finish({{kCore, 128, kUnlimited, nanoseconds(0)},
                 {kCore, 128, kUnlimited, nanoseconds(1)},
                 {kNic, 256, kUnlimited, nanoseconds(4)}},
                {nanoseconds(4), nanoseconds(8), nanoseconds(12)});
}

// ---- Fluid timing against an account that changes everybody's rate whenever somebody comes or
// goes.

/// Ends of the jobs, in seconds.
std::vector<double> naive_ends(const std::vector<Job>& jobs, Arbitration arbitration) {
  const std::size_t n = jobs.size();
  std::vector<double> left(n);
  std::vector<double> ends(n);
  for (std::size_t i = 0; i < n; ++i) left[i] = static_cast<double>(bus_bytes(jobs[i]));
  for (double now = 0;;) {
    FairShares shares(kCapacity, arbitration);
    std::vector<Demand> demands(n);
    double next = 1;
    for (std::size_t i = 0; i < n; ++i) {
      const double start = jobs[i].start.to_seconds();
      if (start > now) next = std::min(next, start);
      if (start > now || left[i] == 0) continue;
      demands[i].limit = jobs[i].limit * static_cast<double>(crossings(jobs[i]));
      shares.add(demands[i], kind_of(jobs[i].movement).agent);
    }
    std::size_t first = n;  // to end, if nobody comes before
    for (const Demand* demand : shares.demands()) {
      const auto i = static_cast<std::size_t>(demand - demands.data());
      const double end = now + left[i] / shares.share_of(*demand);
      if (end > next) continue;
      next = end;
      first = i;
    }
    for (const Demand* demand : shares.demands()) {
      double& bytes = left[static_cast<std::size_t>(demand - demands.data())];
      bytes = std::max(0.0, bytes - shares.share_of(*demand) * (next - now));
    }
    if (first == n && next == 1) return ends;
    now = next;
    if (first == n) continue;
    left[first] = 0;
    ends[first] = now;
  }
}

class FluidAgainstNaive : public BusTimingTest,
                          public ::testing::WithParamInterface<Arbitration> {};

INSTANTIATE_TEST_SUITE_P(Arbitrations, FluidAgainstNaive, ::testing::ValuesIn(kArbitrations),
                         kNameOfParameter);

// To a picosecond for each end, as ends are rounded up.
TEST_P(FluidAgainstNaive, AgreeOnRandomTraffic) {
  std::vector<std::pair<std::vector<Job>, std::vector<const Process*>>> rounds;
  for (int round = 0; round < 100; ++round) {
    const std::vector<Job> jobs = random_jobs();
    rounds.emplace_back(jobs, spawn_jobs(Timing::kFluid, GetParam(), jobs));
  }
  run();
  for (const auto& [jobs, processes] : rounds) {
    const std::vector<double> ends = naive_ends(jobs, GetParam());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      EXPECT_NEAR(processes[i]->finish.to_seconds(), ends[i], kMasters * 1e-12);
    }
  }
}

// ---- Fluid against burst.

class FluidAgainstBurst : public BusTimingTest,
                          public ::testing::WithParamInterface<Arbitration> {};

INSTANTIATE_TEST_SUITE_P(Arbitrations, FluidAgainstBurst, ::testing::ValuesIn(kArbitrations),
                         kNameOfParameter);

// Every transfer ends within kBursts bursts per master of when it ends in fluid timing, at the pace
// at which this transfer moves its bursts; and the whole traffic to 1 %.
TEST_P(FluidAgainstBurst, AgreeOnRandomTraffic) {
  constexpr double kBursts = 3;
  constexpr int kRounds = 40;
  using Processes = std::vector<const Process*>;
  std::vector<std::tuple<std::vector<Job>, Processes, Processes>> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Job> jobs = random_jobs();
    rounds.emplace_back(jobs, spawn_jobs(Timing::kFluid, GetParam(), jobs),
                        spawn_jobs(Timing::kBurst, GetParam(), jobs));
  }
  run();
  for (const auto& [jobs, fluid, burst] : rounds) {
    double fluid_end = 0;
    double burst_end = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const double fluid_time = (fluid[i]->finish - jobs[i].start).to_seconds();
      const double burst_time = (burst[i]->finish - jobs[i].start).to_seconds();
      const double bursts = std::max(1.0, static_cast<double>(bus_bytes(jobs[i])) / 256);
      EXPECT_NEAR(burst_time, fluid_time, kBursts * kMasters * fluid_time / bursts)
          << bursts << " bursts, " << kind_of(jobs[i].movement).name;
      fluid_end = std::max(fluid_end, fluid[i]->finish.to_seconds());
      burst_end = std::max(burst_end, burst[i]->finish.to_seconds());
    }
    EXPECT_NEAR(burst_end, fluid_end, fluid_end / 100);
  }
}

}  // namespace
}  // namespace copypath
