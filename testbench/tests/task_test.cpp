// Laws of a task: what it spends passes at the next settle and to the picosecond, it blocks until
// its condition holds, it yields a core to others at the end of its slice, and the time of its
// copies beyond what they take alone is time that the memory bus made it wait.
#include "models/cpu/task.h"

#include <gtest/gtest.h>

#include "testbench/tests/cpu_bench.h"

namespace copypath {
namespace {

using sc_core::sc_time_stamp;
using sc_core::SC_ZERO_TIME;

class TaskTest : public CpuBench {
protected:
  SegmentList allocate(std::uint32_t bytes) {
    const auto frames = static_cast<unsigned>(units_covering(Bytes(bytes), kPageSize));
    return {{address_of(bench().memory.allocate_adjacent(frames)), bytes}};
  }
};

TEST_F(TaskTest, WhatIsSpentPassesAtTheNextSettle) {
  build(config(1));
  spawn_task(SC_ZERO_TIME, [](Task& task) {
    EXPECT_EQ(sc_time_stamp(), microseconds(1)) << "the switch to this task";
    task.spend(microseconds(3));
    task.spend(nanoseconds(4));
    EXPECT_EQ(sc_time_stamp(), microseconds(1)) << "not yet";
    task.settle();
    EXPECT_EQ(sc_time_stamp(), nanoseconds(4004));
    task.settle();
    EXPECT_EQ(sc_time_stamp(), nanoseconds(4004)) << "only once";
  });
  run();
}

TEST_F(TaskTest, FinishPaysWhatIsOwed) {
  build(config(1));
  const Running task = spawn_computing(nanoseconds(500), microseconds(7));
  run_to_edge(task.process, nanoseconds(8500));
  EXPECT_EQ(task.task.run_time(), microseconds(8)) << "the switch to it included";
  EXPECT_EQ(task.task.stall_time(), SC_ZERO_TIME);
}

TEST_F(TaskTest, ConditionIsLookedAtWhenEverythingSpentHasPassed) {
  build(config(1));
  WaitQueue queue;
  spawn_task(SC_ZERO_TIME, [&](Task& task) {
    task.spend(microseconds(5));
    task.wait_until(queue, [] {
      EXPECT_EQ(sc_time_stamp(), microseconds(6));
      return true;
    });
    EXPECT_TRUE(queue.empty());
  });
  run();
  EXPECT_EQ(cpu().context_switches(), 0U) << "nothing to wait for";
}

TEST_F(TaskTest, BlockedTaskWaitsUntilItsConditionHolds) {
  build(config(1));
  WaitQueue queue;
  int bytes = 0;
  const Running reader = spawn_task(SC_ZERO_TIME, [&](Task& task) {
    task.wait_until(queue, [&] { return bytes >= 2; });
    task.spend(microseconds(1));
  });
  spawn("device", [&] {
    for (const double time : {10.0, 20.0}) {
      wait_until(microseconds(time));
      EXPECT_FALSE(queue.empty());
      ++bytes;
      queue.wake_all();  // the first time for nothing
      EXPECT_TRUE(queue.empty());
    }
  });
  run();
  EXPECT_EQ(reader.end(), microseconds(21));
  EXPECT_EQ(cpu().context_switches(), 2U) << "it blocked twice";
  EXPECT_EQ(reader.task.run_time(), microseconds(2)) << "one switch and one of work: not the sleep";
}

TEST_F(TaskTest, AllThatWaitAreWoken) {
  build(config(4));
  WaitQueue queue;
  bool open = false;
  std::vector<Running> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(spawn_task(SC_ZERO_TIME,
                               [&](Task& task) { task.wait_until(queue, [&] { return open; }); }));
  }
  spawn_at(microseconds(10), "opener", [&] {
    open = true;
    queue.wake_all();
  });
  run();
  for (const Running& task : tasks) EXPECT_EQ(task.end(), microseconds(10));
}

// 250 us of work each, slices of 100 us, 1 us per switch: A 1-101, B 102-202, A 203-303, B 304-404,
// A 405-455, B 456-506.
TEST_F(TaskTest, TwoTasksOnOneCoreAlternateAtTheTimeSlice) {
  build(config(1));
  const Running a = spawn_computing(SC_ZERO_TIME, microseconds(250));
  const Running b = spawn_computing(SC_ZERO_TIME, microseconds(250));
  run();
  EXPECT_EQ(a.end(), microseconds(455));
  EXPECT_EQ(b.end(), microseconds(506));
  EXPECT_EQ(cpu().context_switches(), 4U) << "two preemptions each; finishing is none";
  EXPECT_EQ(cpu().busy(), microseconds(506)) << "two times 250 and six switches";
  EXPECT_EQ(a.task.run_time(), microseconds(253));
  EXPECT_EQ(b.task.run_time(), microseconds(253));
}

TEST_F(TaskTest, LoneTaskIsNeverPreempted) {
  build(config(1));
  const Running task = spawn_computing(SC_ZERO_TIME, microseconds(1000));
  run();
  EXPECT_EQ(task.end(), microseconds(1001));
  EXPECT_EQ(cpu().context_switches(), 0U);
}

/// A task that polls from 1 us on, until there is news, and then computes for 5 us.
class PollingTaskTest : public TaskTest {
protected:
  Running spawn_poller(sc_time news) {
    spawn_at(news, "news", [this] {
      ready_ = true;
      queue_.wake_all();
    });
    return spawn_task(SC_ZERO_TIME, [this](Task& task) {
      task.poll_until(queue_, [this] { return ready_; });
      task.spend(microseconds(5));
    });
  }

private:
  WaitQueue queue_;
  bool ready_ = false;
};

// Its second slice ends at 201 us.
TEST_F(PollingTaskTest, ATaskThatPollsLeavesItsCoreAtTheEndOfItsTimeSlice) {
  build(config(1));
  const Running poller = spawn_poller(microseconds(300));
  const Running other = spawn_computing(microseconds(150), microseconds(10));
  run();
  EXPECT_EQ(other.end(), microseconds(201 + 1 + 10));
  EXPECT_EQ(poller.end(), microseconds(305)) << "it has had its core again since 213 us";
  EXPECT_EQ(poller.task.switches(), 1U);
  EXPECT_EQ(poller.task.run_time(), microseconds(201 + 305 - 212));
}

TEST_F(PollingTaskTest, WhatComesWhileAPollingTaskHasNoCoreIsNotMissed) {
  build(config(1));
  const Running poller = spawn_poller(microseconds(205));
  spawn_computing(microseconds(150), microseconds(10));  // from 202 to 212 us
  run_to_edge(poller.process, microseconds(212 + 1 + 5));
}

TEST_F(TaskTest, ABoundTaskWaitsForItsCore) {
  build(config(2));
  spawn_computing(SC_ZERO_TIME, microseconds(50));  // on core 0, from 1 to 51 us
  const Running bound = spawn_computing(microseconds(10), microseconds(5));
  bound.task.bind(0, 1);
  const Running free = spawn_computing(microseconds(20), microseconds(5));
  run();
  EXPECT_EQ(free.end(), microseconds(20 + 1 + 5)) << "past the one that waits";
  EXPECT_EQ(bound.end(), microseconds(51 + 1 + 5));
}

// Alone until 150 us, in its second slice, which ends at 201 us.
TEST_F(TaskTest, TaskThatComesLaterWaitsForTheEndOfTheSlice) {
  build(config(1));
  const Running first = spawn_computing(SC_ZERO_TIME, microseconds(300));
  const Running second = spawn_computing(microseconds(150), microseconds(10));
  run();
  EXPECT_EQ(second.end(), microseconds(201 + 1 + 10));
  EXPECT_EQ(first.end(), microseconds(212 + 1 + 100));
}

// ---- Copies.

// 64000 bytes at 16 GB/s take 4 us; then the latency of the first of them.
TEST_F(TaskTest, CopyTakesItsBytesAtItsRateThenTheLatency) {
  build(config(1));
  const SegmentList from = allocate(64000);
  const SegmentList to = allocate(64000);
  const Running task = spawn_task(SC_ZERO_TIME, [&](Task& copier) {
    copier.spend(microseconds(3));
    copier.copy(Movement::kCopyToUser, from, to, Rate(16e9));
    EXPECT_EQ(sc_time_stamp(), microseconds(8)) << "settled before: 1 + 3 + 4";
  });
  run();
  EXPECT_EQ(task.end(), nanoseconds(8090));
  EXPECT_EQ(task.task.stall_time(), SC_ZERO_TIME);
  EXPECT_EQ(task.task.run_time(), nanoseconds(8090));
  EXPECT_EQ(bench().ledger.account(Movement::kCopyToUser).bytes, 64000U);
}

// Each alone would need the whole bus (two crossings at 32 GB/s) for 2 us; together twice as long.
TEST_F(TaskTest, StallIsWhatContentionOnTheBusAdded) {
  build(config(2));
  std::vector<Running> tasks;
  for (int i = 0; i < 2; ++i) {
    const SegmentList from = allocate(64000);
    const SegmentList to = allocate(64000);
    tasks.push_back(spawn_task(
        SC_ZERO_TIME, [=](Task& task) { task.copy(Movement::kCopyToUser, from, to, Rate(32e9)); }));
  }
  run();
  for (const Running& task : tasks) {
    EXPECT_EQ(task.end(), nanoseconds(1000 + 4000 + 90));
    EXPECT_EQ(task.task.stall_time(), microseconds(2));
  }
}

TEST_F(TaskTest, BusThatIsSlowerThanTheCoreStallsItToo) {
  build(config(1));
  const SegmentList from = allocate(64000);
  const SegmentList to = allocate(64000);
  const Running task = spawn_task(SC_ZERO_TIME, [&](Task& copier) {
    copier.copy(Movement::kCopyToUser, from, to, Rate(64e9));  // 1 us; the bus needs 2
  });
  run();
  EXPECT_EQ(task.task.stall_time(), microseconds(1));
}

TEST_F(TaskTest, InterruptDuringACopyDelaysWhatComesAfter) {
  build(config(1));
  NotingHandler handler;
  const SegmentList from = allocate(64000);
  const SegmentList to = allocate(64000);
  const Running task = spawn_task(SC_ZERO_TIME, [&](Task& copier) {
    copier.copy(Movement::kCopyToUser, from, to, Rate(16e9));
    EXPECT_EQ(sc_time_stamp(), microseconds(5));
  });
  interrupt_at(microseconds(3), 0, handler);
  run();
  EXPECT_EQ(task.end(), nanoseconds(5090 + 2000));
  EXPECT_EQ(task.task.stall_time(), SC_ZERO_TIME) << "the bus was not to blame";
}

}  // namespace
}  // namespace copypath
