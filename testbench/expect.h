// Expectations: the lines of a scenario's [expect] section, which make it check itself.
//
//   sendfile.cpu_copied_bytes = 0                          exactly; a zero needs no unit
//   sendfile.throughput_Bps = 1.177GB/s +- 1%              within a share of the expected value
//   sendfile.elapsed_s = 8.5s +- 20ms                      within a distance
//   read_write.elapsed_s / sendfile.elapsed_s = >= 1.5     a ratio of two paths, and a bound
//   sendfile.bottleneck = nic                              a word
//
// Counts are compared exactly, other numbers to within 1e-9 of the expected value. `<` and `>` are
// strict. Inside a tolerance, a percentage is always a share of the expected value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/ledger/result.h"

namespace copypath {

/// A metric of a path: "sendfile.elapsed_s".
struct Operand {
  std::string path;
  std::string metric;
};

enum class Comparison { kEqual, kAtMost, kAtLeast, kBelow, kAbove };

struct Expectation {
  std::string origin;  ///< "file:line", or "--set"
  std::string key;     ///< as written, without "expect."
  std::string value;   ///< as written
  Operand left;
  std::optional<Operand> right;  ///< the divisor, in a ratio
  Comparison comparison = Comparison::kEqual;
  Unit unit = Unit::kCount;
  bool integer = false;  ///< to be compared exactly
  double expected = 0;   ///< in the unit of the record: bytes, seconds, ...
  double tolerance = 0;  ///< in the same unit
  std::string word;      ///< for "bottleneck" and "delivered_ok", which are no numbers
};

enum class Verdict {
  kPassed,
  kFailed,
  kSkipped  ///< a path was not run, or a native run cannot know the metric
};

struct Outcome {
  Verdict verdict = Verdict::kSkipped;
  /// One line with origin, key, expected and actual value; for a skipped one, the reason.
  std::string message;
};

/// Reads one line. `scenario_paths` are the paths that it may speak of. Problems are appended
/// without their origin; if there are any, nothing is returned.
std::optional<Expectation> parse_expectation(const std::string& key, const std::string& value,
                                             const std::vector<std::string>& scenario_paths,
                                             std::vector<std::string>& problems);

/// The paths that an expectation needs the results of.
std::vector<std::string> paths_of(const Expectation& expectation);

Outcome evaluate(const Expectation& expectation, const std::vector<Result>& results);

}  // namespace copypath
