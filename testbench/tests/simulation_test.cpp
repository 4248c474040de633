// Laws of the test base itself: what must fail a test does fail it, and times are exact.
#include "testbench/tests/simulation_test.h"

#include <gtest/gtest-spi.h>

namespace copypath {
namespace {

TEST_F(SimulationTest, FinishTimesAreExact) {
  const Process& process =
      spawn_at(nanoseconds(3), "process", [] { sc_core::wait(nanoseconds(4)); });
  run_to_edge(process, nanoseconds(7));
  EXPECT_EQ(process.finish, nanoseconds(7));
}

TEST_F(SimulationTest, ProcessThatDoesNotFinishFails) {
  sc_core::sc_event never;
  spawn("stuck", [&] { sc_core::wait(never); });
  spawn_endless("server", [&] { sc_core::wait(never); });
  EXPECT_NONFATAL_FAILURE(run(), "process stuck never finished");
}

TEST_F(SimulationTest, WarningsAndErrorsThrow) {
  spawn("warns", [] { SC_REPORT_WARNING("/copypath/test", "a warning"); });
  EXPECT_THROW(sc_core::sc_start(), sc_core::sc_report);
  EXPECT_THROW(SC_REPORT_ERROR("/copypath/test", "an error"), sc_core::sc_report);
  EXPECT_NO_THROW(SC_REPORT_INFO("/copypath/test", "an information"));
}

}  // namespace
}  // namespace copypath
