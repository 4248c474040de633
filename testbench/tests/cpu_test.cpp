// Laws of the cores and the scheduler: first come first served, a switch costs when a core goes on
// with another task, an interrupt takes its time from whoever runs on that core and from nobody
// else, and every moment of a core is accounted for once.
#include "models/cpu/cpu.h"

#include <gtest/gtest.h>

#include <random>

#include "testbench/tests/cpu_bench.h"

namespace copypath {
namespace {

using sc_core::sc_time_stamp;
using sc_core::SC_ZERO_TIME;

double count(std::uint64_t n) { return static_cast<double>(n); }

class CpuTest : public CpuBench {};

// ---- The scheduler.

TEST_F(CpuTest, TasksOnCoresOfTheirOwnDoNotDelayOneAnother) {
  build(config(3));
  std::vector<Running> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(spawn_computing(SC_ZERO_TIME, microseconds(50)));
  run();
  for (const Running& task : tasks) EXPECT_EQ(task.end(), microseconds(51));
}

// Five tasks of 10 us on two cores, which each serve the next in the queue 11 us after the last.
TEST_F(CpuTest, MoreTasksThanCoresAreServedInTheOrderInWhichTheyCame) {
  build(config(2));
  std::vector<Running> tasks;
  for (const double start : {0.4, 0.0, 0.3, 0.1, 0.2}) {
    tasks.push_back(spawn_computing(microseconds(start), microseconds(10)));
  }
  run();
  EXPECT_EQ(tasks[1].end(), nanoseconds(11000));
  EXPECT_EQ(tasks[3].end(), nanoseconds(11100));
  EXPECT_EQ(tasks[4].end(), nanoseconds(22000));
  EXPECT_EQ(tasks[2].end(), nanoseconds(22100));
  EXPECT_EQ(tasks[0].end(), nanoseconds(33000));
}

TEST_F(CpuTest, GoingOnWithTheSameTaskCostsNoSwitch) {
  build(config(1));
  const Running task = spawn_task(SC_ZERO_TIME, [&](Task& sleeper) {
    sleep(sleeper, microseconds(10));
    sleep(sleeper, microseconds(10));
  });
  run();
  EXPECT_EQ(task.end(), microseconds(1 + 10 + 10)) << "one switch: the core's first task";
  EXPECT_EQ(cpu().busy(), microseconds(1));
  EXPECT_EQ(cpu().context_switches(), 2U) << "it blocked twice, as getrusage() counts";
}

// An idle core takes its time to come: nobody is charged for it. A busy one goes on at once.
TEST_F(CpuTest, IdleCoreRunsAWokenTaskAfterTheWakeLatency) {
  CpuConfig slow = config(1);
  slow.wake_latency = microseconds(12);
  build(slow);
  const Running first = spawn_computing(SC_ZERO_TIME, microseconds(5));
  const Running second = spawn_computing(microseconds(1), microseconds(5));
  run();
  EXPECT_EQ(first.end(), microseconds(12 + 1 + 5));
  EXPECT_EQ(second.end(), first.end() + microseconds(1 + 5)) << "the core was awake";
  EXPECT_EQ(cpu().busy(), microseconds(2 * (1 + 5)));
}

TEST_F(CpuTest, PollingTaskKeepsItsCoreAndGoesOnAtOnce) {
  CpuConfig slow = config(2);
  slow.wake_latency = microseconds(12);
  build(slow);
  WaitQueue queue;
  bool ready = false;
  const Running poller = spawn_task(SC_ZERO_TIME, [&](Task& task) {
    task.poll_until(queue, [&] { return ready; });
    task.spend(microseconds(3));
  });
  spawn_task(SC_ZERO_TIME, [&](Task& task) {
    task.spend(microseconds(7));
    task.settle();
    ready = true;
    queue.wake_all();
  });
  run();
  EXPECT_EQ(poller.end(), microseconds(12 + 1 + 7 + 3));
  EXPECT_EQ(cpu().busy(), microseconds(1 + 7 + 3) + microseconds(1 + 7)) << "looking is work";
  EXPECT_EQ(cpu().context_switches(), 0U);
}

// A blocks at 1 us, B runs 2-5, A is woken at 11 us and pays for the switch back.
TEST_F(CpuTest, GoingOnWithAnotherTaskCostsASwitch) {
  build(config(1));
  const Running a = spawn_task(SC_ZERO_TIME, [&](Task& task) { sleep(task, microseconds(10)); });
  const Running b = spawn_computing(SC_ZERO_TIME, microseconds(3));
  run();
  EXPECT_EQ(b.end(), microseconds(5));
  EXPECT_EQ(a.end(), microseconds(12));
  EXPECT_EQ(cpu().busy(), microseconds(3 + 3));
  EXPECT_EQ(cpu().context_switches(), 1U);
}

// A ran on core 0 and B on core 1. B, woken first, goes back to core 1 without a switch.
TEST_F(CpuTest, WokenTaskPrefersItsLastCore) {
  build(config(2));
  const Running a = spawn_task(SC_ZERO_TIME, [&](Task& task) { sleep(task, microseconds(20)); });
  const Running b = spawn_task(SC_ZERO_TIME, [&](Task& task) {
    EXPECT_EQ(task.core().number(), 1U);
    sleep(task, microseconds(10));
    EXPECT_EQ(task.core().number(), 1U);
  });
  run();
  EXPECT_EQ(b.end(), microseconds(11));
  EXPECT_EQ(a.end(), microseconds(21));
}

// Its last core is busy with a third task: rather another core and a switch than to wait.
TEST_F(CpuTest, WokenTaskTakesAnotherCoreRatherThanWait) {
  build(config(2));
  const Running a = spawn_task(SC_ZERO_TIME, [&](Task& task) {
    EXPECT_EQ(task.core().number(), 0U);
    sleep(task, microseconds(10));
    EXPECT_EQ(task.core().number(), 1U);
  });
  spawn_computing(microseconds(5), microseconds(50));
  run();
  EXPECT_EQ(a.end(), microseconds(12));
}

// ---- Interrupts.

TEST_F(CpuTest, InterruptDelaysTheTaskOfItsCoreByExactlyItsCost) {
  build(config(2));
  NotingHandler handler;
  const Running here = spawn_computing(SC_ZERO_TIME, microseconds(10));
  const Running there = spawn_computing(SC_ZERO_TIME, microseconds(10));
  interrupt_at(microseconds(5), 0, handler);
  run();
  EXPECT_EQ(here.end(), microseconds(13));
  EXPECT_EQ(there.end(), microseconds(11));
  EXPECT_EQ(handler.handled, std::vector<sc_time>{microseconds(7)}) << "when its time was spent";
  EXPECT_EQ(cpu().busy(), microseconds(13 + 11));
  EXPECT_EQ(cpu().core(0).interrupts(), 1U);
  EXPECT_EQ(cpu().interrupts(), 1U);
}

TEST_F(CpuTest, InterruptOnAnIdleCoreCostsBusyTimeAndDelaysNobody) {
  build(config(1));
  NotingHandler handler;
  interrupt_at(microseconds(5), 0, handler);
  check_at(microseconds(6), [&] {
    EXPECT_EQ(cpu().busy(), microseconds(1)) << "counted as it passes";
    EXPECT_TRUE(handler.handled.empty());
  });
  const Running task = spawn_computing(microseconds(7), microseconds(10));
  run();
  EXPECT_EQ(handler.handled, std::vector<sc_time>{microseconds(7)});
  EXPECT_EQ(task.end(), microseconds(18));
  EXPECT_EQ(cpu().busy(), microseconds(2 + 11));
}

TEST_F(CpuTest, TaskThatIsWokenDuringAnInterruptStartsAfterIt) {
  build(config(1));
  NotingHandler handler;
  interrupt_at(microseconds(5), 0, handler);
  const Running task = spawn_computing(nanoseconds(5500), microseconds(10));
  run();
  EXPECT_EQ(task.end(), microseconds(5 + 2 + 1 + 10));
  EXPECT_EQ(cpu().busy(), microseconds(2 + 1 + 10));
}

TEST_F(CpuTest, InterruptsThatComeTogetherQueueUp) {
  build(config(1));
  NotingHandler first;
  NotingHandler second;
  const Running task = spawn_computing(SC_ZERO_TIME, microseconds(10));
  interrupt_at(microseconds(5), 0, first);
  interrupt_at(microseconds(6), 0, second);
  interrupt_at(microseconds(20), 0, first);  // on the idle core
  interrupt_at(microseconds(21), 0, second);
  run();
  EXPECT_EQ(first.handled, (std::vector<sc_time>{microseconds(7), microseconds(22)}));
  EXPECT_EQ(second.handled, (std::vector<sc_time>{microseconds(9), microseconds(24)}));
  EXPECT_EQ(task.end(), microseconds(11 + 4));
  EXPECT_EQ(cpu().busy(), microseconds(11 + 4 + 4));
}

TEST_F(CpuTest, SoftirqWorkOfTheDriverTakesTimeToo) {
  build(config(1));
  NotingHandler handler;
  handler.softirq = microseconds(4);
  const Running task = spawn_computing(SC_ZERO_TIME, microseconds(10));
  interrupt_at(microseconds(5), 0, handler);
  interrupt_at(microseconds(30), 0, handler);  // on the idle core
  check_at(microseconds(40), [&] { EXPECT_EQ(cpu().busy(), microseconds(17 + 6)); });
  run();
  EXPECT_EQ(task.end(), microseconds(1 + 10 + 2 + 4));
}

TEST_F(CpuTest, RouteLeadsADevicesInterruptToItsCoreAndDriver) {
  build(config(2));
  NotingHandler handler;
  InterruptRoute route(cpu().core(1), handler);
  spawn("device", [&] { route.raise(); });
  run();
  EXPECT_EQ(cpu().core(0).interrupts(), 0U);
  EXPECT_EQ(cpu().core(1).interrupts(), 1U);
  EXPECT_EQ(handler.handled.size(), 1U);
}

// One that is announced for a little later holds up the one behind it.
TEST_F(CpuTest, WhoRaisesAnInterruptLearnsWhenTheDriverComes) {
  build(config(1));
  NotingHandler first;
  NotingHandler second;
  std::vector<sc_time> told;
  spawn("devices", [&] {
    told.push_back(cpu().core(0).interrupt(first, microseconds(5)));
    told.push_back(cpu().core(0).interrupt(second));
    sc_core::wait(microseconds(10));
    told.push_back(cpu().core(0).interrupt(second));
  });
  run();
  EXPECT_EQ(told, (std::vector<sc_time>{microseconds(7), microseconds(7), microseconds(12)}));
  EXPECT_EQ(first.handled, std::vector<sc_time>{told[0]});
  EXPECT_EQ(second.handled, (std::vector<sc_time>{told[1], told[2]}));
}

// The interrupt comes in the last microsecond of A's slice. It is over before B begins, and delays
// all that follows by its cost, once: work 300 us, four switches, one interrupt.
TEST_F(CpuTest, InterruptAtTheEndOfASliceIsPaidOnce) {
  build(config(1));
  NotingHandler handler;
  const Running a = spawn_computing(SC_ZERO_TIME, microseconds(150));
  const Running b = spawn_computing(SC_ZERO_TIME, microseconds(150));
  interrupt_at(microseconds(100), 0, handler);
  run();
  EXPECT_EQ(a.end(), microseconds(103 + 101 + 51));
  EXPECT_EQ(b.end(), microseconds(300 + 4 + 2));
  EXPECT_EQ(cpu().busy(), microseconds(300 + 4 + 2));
}

// A is woken for nothing at 20 us; while the core switches back to it, an interrupt comes.
TEST_F(CpuTest, InterruptDuringASwitchIsNotLostWhenTheTaskSleepsOn) {
  build(config(1));
  NotingHandler handler;
  WaitQueue queue;
  bool ready = false;
  spawn_task(SC_ZERO_TIME, [&](Task& task) { task.wait_until(queue, [&] { return ready; }); });
  spawn_computing(microseconds(2), microseconds(5));  // so that going back to A costs a switch
  spawn("waker", [&] {
    for (const double time : {20.0, 40.0}) {
      wait_until(microseconds(time));
      ready = time > 30;
      queue.wake_all();
    }
  });
  interrupt_at(nanoseconds(20500), 0, handler);
  run();
  EXPECT_EQ(cpu().busy(), microseconds(3 + 5 + 2)) << "switches, work, interrupt";
}

// ---- Conservation.

// Whatever happens: every core is busy with work, switches and interrupts, and with nothing twice.
TEST_F(CpuTest, BusyTimeIsWorkAndSwitchesAndInterrupts) {
  constexpr unsigned kTasks = 8;
  constexpr unsigned kInterrupts = 400;
  CpuConfig costs = config(3);
  costs.interrupt = nanoseconds(700);
  costs.time_slice = microseconds(20);
  build(costs);
  std::mt19937 random(9);
  NotingHandler handler;
  sc_time work;
  for (unsigned i = 0; i < kTasks; ++i) {
    spawn_task(nanoseconds(1.0 * i), [&](Task& task) {
      for (int step = 0; step < 50; ++step) {
        const sc_time cost = sc_time::from_value(random() % 30'000'000);
        work += cost;
        task.spend(cost);
        if (random() % 2 == 0) sleep(task, sc_time::from_value(random() % 20'000'000));
      }
    });
  }
  spawn("devices", [&] {
    for (unsigned i = 0; i < kInterrupts; ++i) {
      sc_core::wait(sc_time::from_value(random() % 10'000'000));
      cpu().core(static_cast<unsigned>(random() % 3)).interrupt(handler);
      ASSERT_LE(cpu().busy(), 3 * sc_time_stamp());
    }
  });
  run();
  EXPECT_EQ(cpu().interrupts(), kInterrupts);
  EXPECT_EQ(handler.handled.size(), kInterrupts);
  const sc_time switches = cpu().busy() - work - kInterrupts * costs.interrupt;
  EXPECT_EQ(switches % costs.context_switch, SC_ZERO_TIME) << "a whole number of switches";
  EXPECT_LE(switches / costs.context_switch, count(cpu().context_switches() + kTasks));
  sc_time run_times;
  for (const Task& task : tasks()) run_times += task.run_time();
  EXPECT_LE(run_times, cpu().busy()) << "the rest: interrupts while no task was there";
  EXPECT_LE(cpu().busy() - run_times, kInterrupts * costs.interrupt);
}

// No core is ever idle while a task could run: the work of many tasks takes no longer than it must.
TEST_F(CpuTest, CoresAreNotIdleWhileTasksWait) {
  CpuConfig costs = config(2);
  costs.context_switch = SC_ZERO_TIME;
  build(costs);
  std::vector<Running> tasks;
  for (const double work : {310.0, 250.0, 40.0, 170.0, 90.0, 330.0, 10.0}) {
    tasks.push_back(spawn_computing(SC_ZERO_TIME, microseconds(work)));
  }
  run();
  EXPECT_EQ(cpu().busy(), microseconds(1200));
  sc_time last;
  for (const Running& task : tasks) last = std::max(last, task.end());
  EXPECT_LE(last, microseconds(600 + 100)) << "within a slice of the ideal";
}

}  // namespace
}  // namespace copypath
