// The base of every test that simulates. A SystemC warning or error fails the test; so does a
// process that was to finish and did not. A test builds its modules, spawns processes that use
// them, and calls run(); SystemC allows one platform per process, so it can do that once.
#pragma once

#include <gtest/gtest.h>
#include <sysc/kernel/sc_dynamic_processes.h>  // not part of <systemc> unless asked for

#include <deque>
#include <functional>
#include <string>
#include <systemc>
#include <utility>

#include "models/units.h"

namespace copypath {

class SimulationTest : public ::testing::Test {
public:
  /// A process that the test has spawned.
  struct Process {
    std::string name;
    bool finished = false;
    sc_time finish;  ///< when it did
  };

protected:
  SimulationTest() {
    using sc_core::sc_report_handler;
    sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_THROW);
    sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
  }

  /// A process that starts with the simulation and has to come to its end.
  const Process& spawn(const std::string& name, const std::function<void()>& body) {
    return spawn_at(sc_core::SC_ZERO_TIME, name, body);
  }

  /// The same, but it starts at `start` (simulated time).
  const Process& spawn_at(sc_time start, const std::string& name,
                          const std::function<void()>& body) {
    Process& process = must_finish_.emplace_back();
    process.name = name;
    spawn_endless(name, [=, &process] {
      wait_until(start);
      body();
      process.finished = true;
      process.finish = sc_core::sc_time_stamp();
    });
    return process;
  }

  /// A process that may wait for ever.
  static void spawn_endless(const std::string& name, const std::function<void()>& body) {
    sc_core::sc_spawn_options options;
    options.set_stack_size(kStack);
    sc_core::sc_spawn(body, sc_core::sc_gen_unique_name(name.c_str()), &options);
  }

  /// Blocks the calling process until the simulated time is `time`.
  static void wait_until(sc_time time) {
    if (time > sc_core::sc_time_stamp()) sc_core::wait(time - sc_core::sc_time_stamp());
  }

  /// Simulates until nothing is pending.
  void run() {
    sc_core::sc_start();
    for (const Process& process : must_finish_) {
      EXPECT_TRUE(process.finished) << "process " << process.name << " never finished";
    }
  }

  /// Simulates everything that happens before `time`.
  static void run_until(sc_time time) { sc_core::sc_start(time - sc_core::sc_time_stamp()); }

  /// Simulates to the end; `process` is not done one picosecond before `time`, and done at `time`.
  void run_to_edge(const Process& process, sc_time time) {
    run_until(time);
    EXPECT_FALSE(process.finished) << process.name << " finished already at " << process.finish;
    run();
    EXPECT_EQ(process.finish, time) << process.name;
  }

private:
  static constexpr int kStack = 256 * 1024;  // GoogleTest and the sanitizers need more than usual

  std::deque<Process> must_finish_;
};

}  // namespace copypath
