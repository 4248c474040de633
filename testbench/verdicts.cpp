#include "testbench/verdicts.h"

#include <fmt/format.h>

#include <algorithm>

#include "testbench/command.h"
#include "testbench/expect.h"
#include "testbench/output.h"
#include "testbench/table.h"

namespace copypath {

namespace {

/// What became of a scenario's expectations.
struct Verdicts {
  std::string text;  ///< for the report; empty if there is nothing to expect
  std::vector<std::string> failures;
};

Verdicts judge(const Scenario& scenario, const std::vector<Result>& results) {
  if (scenario.expectations.empty()) return {};
  Verdicts verdicts;
  std::string details;
  std::size_t passed = 0;
  std::size_t skipped = 0;
  for (const Expectation& expectation : scenario.expectations) {
    const Outcome outcome = evaluate(expectation, results);
    passed += outcome.verdict == Verdict::kPassed;
    skipped += outcome.verdict == Verdict::kSkipped;
    if (outcome.verdict == Verdict::kFailed) verdicts.failures.push_back(outcome.message);
    if (outcome.verdict == Verdict::kFailed) details += "  failed: " + outcome.message + "\n";
    if (outcome.verdict == Verdict::kSkipped) details += "  skipped: " + outcome.message + "\n";
  }
  verdicts.text =
      fmt::format("\nExpectations: {} passed, {} failed", passed, verdicts.failures.size());
  if (skipped > 0) verdicts.text += fmt::format(", {} skipped", skipped);
  verdicts.text += "\n" + details;
  return verdicts;
}

/// Whether the scenario expects that the clients of the path do not get what they asked for (it
/// shows a hazard): then its expectations are what counts.
bool expects_damage(const Scenario& scenario, const std::string& path) {
  return std::any_of(scenario.expectations.begin(), scenario.expectations.end(),
                     [&](const Expectation& expectation) {
                       return expectation.left.path == path &&
                              expectation.left.metric == "delivered_ok" &&
                              expectation.word == "false";
                     });
}

}  // namespace

int conclude(const Scenario& scenario, const std::vector<Result>& results, bool quiet,
             const std::string& report) {
  const Verdicts verdicts = judge(scenario, results);
  bool delivered = true;
  for (const Result& result : results) {
    if (result.delivered_ok || expects_damage(scenario, result.path)) continue;
    delivered = false;
    fmt::print(stderr, "copypath: {}: the clients did not get what they asked for\n", result.path);
  }
  if (quiet) {
    for (const std::string& failure : verdicts.failures) {
      fmt::print(stderr, "copypath: expectation failed: {}\n", failure);
    }
  } else {
    std::string left_out = scenario.left_out.empty() ? "" : "\nLeft out:\n";
    for (const std::string& reason : scenario.left_out) {
      left_out += "  " + hanging(reason, 2, terminal_width()) + "\n";
    }
    write_standard_output(report + left_out + verdicts.text);
  }
  return delivered && verdicts.failures.empty() ? kFine : kFailedExpectation;
}

}  // namespace copypath
