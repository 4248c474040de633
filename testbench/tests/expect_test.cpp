// Laws of expectations: exact unless a tolerance is given, tolerances include their edge, bounds
// mean what their sign says, and what was not run or cannot be known is skipped, not passed.
#include "testbench/expect.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testbench/key_kinds.h"

namespace copypath {
namespace {

const std::vector<std::string> kPaths{"read_write", "sendfile"};

Expectation parsed(const std::string& key, const std::string& value) {
  std::vector<std::string> problems;
  auto expectation = parse_expectation(key, value, kPaths, problems);
  EXPECT_EQ(problems, std::vector<std::string>{}) << key << " = " << value;
  if (!expectation) return {};
  expectation->origin = "a.ini:3";
  return *expectation;
}

std::vector<std::string> problems(const std::string& key, const std::string& value) {
  std::vector<std::string> problems;
  const bool accepted = parse_expectation(key, value, kPaths, problems).has_value();
  EXPECT_EQ(accepted, problems.empty());
  return problems;
}

std::string problem(const std::string& key, const std::string& value) {
  const std::vector<std::string> found = problems(key, value);
  return found.size() == 1 ? found.front() : std::to_string(found.size()) + " problems";
}

std::vector<Result> results() {
  Result sendfile;
  sendfile.path = "sendfile";
  sendfile.execution = "fluid";
  sendfile.values = {{"elapsed_s", 8.5},      {"throughput_Bps", 1.176e9}, {"packets", 100},
                     {"cpu_copied_bytes", 0}, {"bus_utilisation", 0.5},    {"cpu_s_per_GB", 0.05},
                     {"syscalls_total", 7},   {"bus_bytes", 20e9}};
  sendfile.syscalls = {{"sendfile", 7}};
  sendfile.bottleneck = "nic";
  sendfile.delivered_ok = true;
  Result read_write = sendfile;
  read_write.path = "read_write";
  read_write.values["elapsed_s"] = 17;
  read_write.bottleneck = "cpu";
  return {read_write, sendfile};
}

Verdict verdict(const std::string& key, const std::string& value) {
  return evaluate(parsed(key, value), results()).verdict;
}

std::string message(const std::string& key, const std::string& value) {
  return evaluate(parsed(key, value), results()).message;
}

TEST(Expect, CountsAreExact) {
  EXPECT_EQ(verdict("sendfile.packets", "100"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.packets", "101"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.cpu_copied_bytes", "0"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.cpu_copied_bytes", "0B"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.bus_bytes", "20GB"), Verdict::kPassed);
  // One byte in 2e10 is less than the rounding allowed to doubles.
  EXPECT_EQ(verdict("sendfile.bus_bytes", "20000000001B"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.syscalls.sendfile", "7"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.syscalls.read", "0"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.syscalls.read", "5"), Verdict::kFailed);
}

TEST(Expect, OtherNumbersToTheLastDigits) {
  EXPECT_EQ(verdict("sendfile.elapsed_s", "8.5s"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.elapsed_s", "8500ms"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.elapsed_s", "8.500000001s"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.elapsed_s", "8.50000001s"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.cpu_s_per_GB", "50ms/GB"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.bus_utilisation", "50%"), Verdict::kPassed);
}

TEST(Expect, TolerancesIncludeTheirEdge) {
  EXPECT_EQ(verdict("sendfile.throughput_Bps", "1.177GB/s +- 1%"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.throughput_Bps", "1.2GB/s +- 1%"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.throughput_Bps", "1.2GB/s+-2%"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.elapsed_s", "8.52s +- 20ms"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.elapsed_s", "8.52s +- 19ms"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.packets", "98 +- 2"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.packets", "98 +- 1"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.bus_utilisation", "0.49 +- 0.01"), Verdict::kPassed);
  // A percentage is a share of the expected value, not points.
  EXPECT_EQ(verdict("sendfile.bus_utilisation", "49% +- 1%"), Verdict::kFailed);
}

TEST(Expect, Bounds) {
  EXPECT_EQ(verdict("sendfile.packets", "<= 100"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.packets", ">= 100"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.packets", "< 100"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.packets", "> 100"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.packets", "<101"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.packets", ">99"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.throughput_Bps", ">= 9Gbps"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.throughput_Bps", ">= 9.5Gbps"), Verdict::kFailed);
}

TEST(Expect, Ratios) {
  const std::string key = "read_write.elapsed_s / sendfile.elapsed_s";
  EXPECT_EQ(verdict(key, ">= 1.5"), Verdict::kPassed);
  EXPECT_EQ(verdict(key, "2"), Verdict::kPassed);
  EXPECT_EQ(verdict("read_write.elapsed_s/sendfile.elapsed_s", "2"), Verdict::kPassed);
  EXPECT_EQ(verdict(key, "1.9 +- 5%"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.bus_bytes / sendfile.cpu_copied_bytes", "1"), Verdict::kFailed);
  EXPECT_EQ(
      message("sendfile.bus_bytes / sendfile.cpu_copied_bytes", "1"),
      "a.ini:3: sendfile.bus_bytes / sendfile.cpu_copied_bytes: expected 1, got a division by "
      "zero (20GB / 0B)");
}

TEST(Expect, Words) {
  EXPECT_EQ(verdict("sendfile.bottleneck", "nic"), Verdict::kPassed);
  EXPECT_EQ(verdict("read_write.bottleneck", "nic"), Verdict::kFailed);
  EXPECT_EQ(verdict("sendfile.delivered_ok", "true"), Verdict::kPassed);
  EXPECT_EQ(verdict("sendfile.delivered_ok", "false"), Verdict::kFailed);
}

TEST(Expect, MessagesHaveBothValuesInHumanUnits) {
  EXPECT_EQ(message("sendfile.throughput_Bps", "1.2GB/s +- 1%"),
            "a.ini:3: sendfile.throughput_Bps: expected 1.2GB/s +- 1%, got 1.176GB/s (-2 %)");
  EXPECT_EQ(message("sendfile.throughput_Bps", ">= 9.5Gbps"),
            "a.ini:3: sendfile.throughput_Bps: expected >= 9.5Gbps, got 9.408Gbps");
  EXPECT_EQ(message("sendfile.bus_bytes", "20000000001B"),
            "a.ini:3: sendfile.bus_bytes: expected 20000000001B, got 20GB (-5e-09 %)");
  EXPECT_EQ(message("sendfile.packets", "101"),
            "a.ini:3: sendfile.packets: expected 101, got 100 (-0.99 %)");
  EXPECT_EQ(message("read_write.elapsed_s / sendfile.elapsed_s", "< 2"),
            "a.ini:3: read_write.elapsed_s / sendfile.elapsed_s: expected < 2, got 2 (17s / 8.5s)");
  EXPECT_EQ(message("read_write.bottleneck", "nic"),
            "a.ini:3: read_write.bottleneck: expected nic, got cpu");
}

TEST(Expect, PathsThatWereNotRunAreSkipped) {
  const Expectation ratio = parsed("read_write.elapsed_s / sendfile.elapsed_s", "2");
  const Outcome outcome = evaluate(ratio, {results()[1]});
  EXPECT_EQ(outcome.verdict, Verdict::kSkipped);
  EXPECT_EQ(outcome.message,
            "a.ini:3: read_write.elapsed_s / sendfile.elapsed_s: expected 2, not checked: "
            "read_write was not run");
  EXPECT_EQ(paths_of(ratio), kPaths);
}

TEST(Expect, WhatANativeRunCannotKnowIsSkippedButAModelMustKnow) {
  std::vector<Result> some = results();
  const Expectation expectation = parsed("sendfile.dram_bytes", "<= 5GB");
  EXPECT_EQ(evaluate(expectation, some).verdict, Verdict::kFailed);
  some[1].execution = "native";
  some[1].bottleneck = "";
  EXPECT_EQ(evaluate(expectation, some).verdict, Verdict::kSkipped);
  EXPECT_EQ(evaluate(parsed("sendfile.bottleneck", "nic"), some).verdict, Verdict::kSkipped);
}

TEST(Expect, BadExpectations) {
  EXPECT_EQ(problem("sendfile", "5"), "'sendfile' is not of the form path.metric");
  EXPECT_EQ(problem("sendfile.elapsed_s /", "5"), "'' is not of the form path.metric");
  EXPECT_EQ(problem("sendfil.packets", "5"),
            "'sendfil' is no data path, accepted: read_write or sendfile (did you mean "
            "'sendfile'?)");
  const std::string metric = problem("sendfile.elapsed", "5s");
  EXPECT_EQ(metric.substr(0, metric.find(',')), "'elapsed' is no metric");
  EXPECT_EQ(metric.substr(metric.find(" (")), " (did you mean 'elapsed_s'?)");
  EXPECT_EQ(problem("sendfile.syscalls.raed", "0"),
            "'syscalls.raed' counts no system call that a path makes");
  EXPECT_EQ(problem("sendfile.throughput_Bps", "5s"),
            "'5s' is a time, accepted: a rate in B/s, kB/s, MB/s, GB/s, TB/s, PB/s, KiB/s, MiB/s, "
            "GiB/s, TiB/s, PiB/s, bps, kbps, Mbps, Gbps or Tbps");
  EXPECT_EQ(problem("sendfile.packets", "1.5"),
            "'1.5' is not a whole number, accepted: a whole number");
  EXPECT_EQ(problem("sendfile.packets", ">= 5 +- 1"),
            "'>= 5 +- 1' is a bound with a tolerance, accepted: one of the two");
  EXPECT_EQ(problem("sendfile.packets", "5 +-"), "'' is not a number, accepted: a whole number");
  EXPECT_EQ(problem("sendfile.packets <", "5"),
            "a bound stands after the '=', as in 'sendfile.packets = <= 5'");
  EXPECT_EQ(
      problem("sendfile.bottleneck", "disc"),
      "'disc' is unknown, accepted: nic, disk, cpu, memory_bus, fabric or client (did you mean "
      "'disk'?)");
  EXPECT_EQ(problem("sendfile.delivered_ok", "yes"), "'yes' is unknown, accepted: true or false");
  EXPECT_EQ(problem("sendfile.bottleneck / read_write.bottleneck", "1"),
            "a ratio of words is not a number");
  EXPECT_EQ(problem("sendfile.elapsed_s / read_write.packets", "1"),
            "'sendfile.elapsed_s / read_write.packets' is a ratio of different units, accepted: "
            "metrics of one unit");
  EXPECT_EQ(problems("sendfil.packets / read_write.package", "1").size(), 2U);
}

}  // namespace
}  // namespace copypath
