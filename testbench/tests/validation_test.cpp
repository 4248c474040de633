// Laws of the verdicts: what a claim takes into account, and where it begins to fail.
#include "testbench/validation.h"

#include <gtest/gtest.h>

namespace copypath {
namespace {

ValidatedPath path_of(const char* name, double predicted, double measured) {
  ValidatedPath path;
  path.path = name;
  path.counters = {{"payload_bytes", 1e9, 1e9, 0}, {"syscalls.read", 100, 100, 0}};
  path.cpu = {"cpu_s_per_GB", predicted, measured, 0};
  path.throughput = {"throughput_Bps", 1e9 / predicted, 1e9 / measured, 0};
  return path;
}

void relate(ValidatedPath& path, const ValidatedPath& first) {
  path.ratio = Figure{"ratio", path.cpu.predicted / first.cpu.predicted,
                      path.cpu.measured / first.cpu.measured, 0};
  path.faster = Figure{"ratio", path.throughput.predicted / first.throughput.predicted,
                       path.throughput.measured / first.throughput.measured, 0};
}

ValidatedScenario scenario_of(Validates validates, std::vector<ValidatedPath> paths) {
  ValidatedScenario scenario;
  scenario.title = "a scenario";
  scenario.validates = validates;
  scenario.paths = std::move(paths);
  return scenario;
}

/// A first path as predicted, and others with these errors of their CPU time.
ValidatedScenario with_errors(const std::vector<double>& errors) {
  ValidatedScenario scenario = scenario_of(Validates::kCpuTime, {path_of("first", 0.3, 0.3)});
  for (const double error : errors) {
    scenario.paths.push_back(path_of("other", 0.2 * (1 + error), 0.2));
    relate(scenario.paths.back(), scenario.paths.front());
  }
  return scenario;
}

bool holds(const std::vector<ValidatedScenario>& scenarios, const std::string& claim,
           bool timing = true) {
  for (const Claim& one : verdicts(scenarios, timing)) {
    if (one.text.find(claim) != std::string::npos) return one.holds;
  }
  ADD_FAILURE() << "no claim: " << claim;
  return false;
}

const char* const kMedianRatio = "CPU time relative to the first path: median";
const char* const kWorstRatio = "CPU time relative to the first path: worst";

TEST(Validation, RatiosMayBeOffBySoMuch) {
  EXPECT_TRUE(holds({with_errors({0.079, 0.079, 0.249})}, kMedianRatio));
  EXPECT_FALSE(holds({with_errors({0.081, 0.081, 0.0})}, kMedianRatio));
  EXPECT_TRUE(holds({with_errors({0, 0, 0, -0.249})}, kWorstRatio));
  EXPECT_FALSE(holds({with_errors({0, 0, 0, 0.251})}, kWorstRatio));
}

TEST(Validation, ThroughputIsHeldToTheSame) {
  const char* const worst = "throughput of files in memory relative to the first path: worst";
  EXPECT_TRUE(holds({with_errors({-0.19})}, worst)) << "1 / 0.81 is 1.235";
  EXPECT_FALSE(holds({with_errors({-0.21})}, worst)) << "1 / 0.79 is 1.266";
  ValidatedScenario scenario = with_errors({-0.21});
  scenario.paths.back().faster.reset();
  scenario.paths.push_back(path_of("third", 0.2, 0.2));
  relate(scenario.paths.back(), scenario.paths.front());
  EXPECT_TRUE(holds({scenario}, worst)) << "that of a disk is not";
}

TEST(Validation, OrderCountsWhereThePathsDiffer) {
  const char* const order = "right order";
  const auto pair = [](double measured) {
    return scenario_of(Validates::kCpuTime, {path_of("a", 0.31, 0.3), path_of("b", 0.3, measured)});
  };
  EXPECT_FALSE(holds({pair(0.3 * 1.06)}, order)) << "b is dearer, and predicted cheaper";
  EXPECT_TRUE(holds({pair(0.3 * 1.04)}, order)) << "within what the least of some runs repeats";
  ValidatedScenario noisy = pair(0.3 * 1.06);
  noisy.paths.front().cpu.spread = 0.04;
  EXPECT_TRUE(holds({noisy}, order)) << "within twice the spread";
}

TEST(Validation, CountersAreExact) {
  ValidatedScenario scenario = with_errors({0});
  EXPECT_TRUE(holds({scenario}, "every counter", false));
  scenario.paths.back().counters.back().measured += 1;
  EXPECT_FALSE(holds({scenario}, "every counter", false));
  EXPECT_EQ(verdicts({scenario}, false).size(), 1U) << "no time is judged";
}

ValidatedScenario wire(double cpu_predicted, double cpu_measured, double error) {
  ValidatedPath path = path_of("path", cpu_predicted, cpu_measured);
  path.throughput = {"throughput_Bps", 1e9 * (1 + error), 1e9, 0};
  return scenario_of(Validates::kWire, {path});
}

TEST(Validation, AWireIsTheLimitToAHundredth) {
  EXPECT_TRUE(holds({wire(0.5, 0.5, 0.009)}, "throughput of a wire"));
  EXPECT_FALSE(holds({wire(0.5, 0.5, 0.011)}, "throughput of a wire"));
}

// At a gigabyte a second a processor that takes 0.9 s for one is busy all the time.
TEST(Validation, WhoDoesNotKeepUpWithAWireIsNamed) {
  const char* const keeping_up = "the wire or the processor is the limit";
  EXPECT_TRUE(holds({wire(0.5, 0.6, 0)}, keeping_up)) << "both keep up";
  EXPECT_TRUE(holds({wire(0.98, 0.99, 0)}, keeping_up)) << "neither does";
  EXPECT_FALSE(holds({wire(0.5, 0.99, 0)}, keeping_up));
  EXPECT_FALSE(holds({wire(0.99, 0.5, 0)}, keeping_up));
  EXPECT_TRUE(agrees_on_wire(wire(0.98, 0.99, 0.1).paths.front())) << "its time is not the wire's";
  EXPECT_FALSE(agrees_on_wire(wire(0.5, 0.5, 0.1).paths.front()));
  EXPECT_FALSE(agrees_on_wire(wire(0.5, 0.99, 0).paths.front()));
}

}  // namespace
}  // namespace copypath
