// Reading expectations, and holding results against them.
#include "testbench/expect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "models/paths/path.h"
#include "testbench/key_kinds.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {
namespace {

constexpr double kRounding = 1e-9;  // relative; sums of doubles differ in the last digits

const char* const kBottleneck = "bottleneck";
const char* const kDelivered = "delivered_ok";

bool is_word_metric(const std::string& metric) {
  return metric == kBottleneck || metric == kDelivered;
}

std::vector<std::string> accepted_words(const std::string& metric) {
  if (metric == kDelivered) return {"true", "false"};
  return {"nic", "disk", "cpu", "memory_bus", "fabric", "client"};
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

double parse_number(const std::string& text, Unit unit) {
  if (text == "0") return 0;  // nothing is nothing in every unit
  switch (unit) {
    case Unit::kBytes:
      return static_cast<double>(parse_bytes(text).count());
    case Unit::kBytesPerSecond:
      return parse_rate(text).bytes_per_second();
    case Unit::kSeconds:
      return parse_seconds(text);
    case Unit::kSecondsPerGB:
      return parse_seconds_per_gb(text);
    case Unit::kCount:
      return static_cast<double>(parse_count(text));
    case Unit::kRatio:
      break;
  }
  return parse_ratio(text);
}

std::string human(double value, Unit unit, int digits, bool bits) {
  switch (unit) {
    case Unit::kBytes:
      return human_bytes(value, digits);
    case Unit::kBytesPerSecond:
      return human_rate(value, digits, bits);
    case Unit::kSeconds:
      return human_seconds(value, digits);
    case Unit::kSecondsPerGB:
      return human_seconds(value, digits) + "/GB";
    case Unit::kCount:
      return fmt::format("{:.0f}", value);
    case Unit::kRatio:
      break;
  }
  return fmt::format("{:.{}g}", value, digits);
}

/// Reads "path.metric" and checks both names.
Operand parse_operand(const std::string& text, const std::vector<std::string>& scenario_paths,
                      std::vector<std::string>& problems) {
  const std::size_t dot = text.find('.');
  const Operand operand{text.substr(0, dot), dot == std::string::npos ? "" : text.substr(dot + 1)};
  if (operand.path.empty() || operand.metric.empty()) {
    problems.push_back(quoted(text) + " is not of the form path.metric");
    return operand;
  }
  const auto in_scenario = std::find(scenario_paths.begin(), scenario_paths.end(), operand.path);
  if (find_path(operand.path) == nullptr) {
    std::vector<std::string> known;
    for (const Path* path : paths()) known.push_back(path->name);
    problems.push_back(quoted(operand.path) + " is no data path, accepted: " +
                       listed(scenario_paths) + did_you_mean(operand.path, known));
  } else if (in_scenario == scenario_paths.end()) {
    problems.push_back(quoted(operand.path) +
                       " is not one of this scenario's paths, accepted: " + listed(scenario_paths));
  }
  if (find_metric(operand.metric) == nullptr && !is_word_metric(operand.metric)) {
    std::vector<std::string> known{kBottleneck, kDelivered};
    for (const Metric& metric : metrics()) known.emplace_back(metric.name);
    const bool syscall = operand.metric.compare(0, 9, "syscalls.") == 0;
    problems.push_back(quoted(operand.metric) +
                       (syscall ? " counts no system call that a path makes"
                                : " is no metric, accepted: " + listed(known)) +
                       did_you_mean(operand.metric, known));
  }
  return operand;
}

/// Takes "<=", ">=", "<" or ">" from the start of `text`.
Comparison take_comparison(std::string& text) {
  struct Sign {
    const char* text;
    Comparison comparison;
  };
  const Sign kSigns[] = {{"<=", Comparison::kAtMost},
                         {">=", Comparison::kAtLeast},
                         {"<", Comparison::kBelow},
                         {">", Comparison::kAbove}};
  for (const Sign& sign : kSigns) {
    const std::string prefix = sign.text;
    if (text.compare(0, prefix.size(), prefix) == 0) {
      text = trimmed(text.substr(prefix.size()));
      return sign.comparison;
    }
  }
  return Comparison::kEqual;
}

void parse_word(Expectation& expectation) {
  const std::vector<std::string> words = accepted_words(expectation.left.metric);
  if (std::find(words.begin(), words.end(), expectation.value) == words.end()) {
    throw BadValue(quoted(expectation.value) + " is unknown, accepted: " + listed(words) +
                   did_you_mean(expectation.value, words));
  }
  expectation.word = expectation.value;
}

void parse_value(Expectation& expectation) {
  std::string text = expectation.value;
  expectation.comparison = take_comparison(text);
  const std::size_t mark = text.find("+-");
  expectation.expected = parse_number(trimmed(text.substr(0, mark)), expectation.unit);
  if (mark == std::string::npos) return;
  if (expectation.comparison != Comparison::kEqual) {
    throw BadValue(quoted(expectation.value) +
                   " is a bound with a tolerance, accepted: one of the two");
  }
  const std::string tolerance = trimmed(text.substr(mark + 2));
  if (!tolerance.empty() && tolerance.back() == '%') {
    expectation.tolerance = parse_ratio(tolerance) * expectation.expected;
  } else {
    expectation.tolerance = parse_number(tolerance, expectation.unit);
  }
}

const Result* find_result(const std::vector<Result>& results, const std::string& path) {
  for (const Result& result : results) {
    if (result.path == path) return &result;
  }
  return nullptr;
}

std::string word_of(const Result& result, const std::string& metric) {
  if (metric == kDelivered) return result.delivered_ok ? "true" : "false";
  return result.bottleneck;
}

bool holds(const Expectation& expectation, double actual) {
  const double expected = expectation.expected;
  const double slack = expectation.integer ? 0 : kRounding * std::abs(expected);
  switch (expectation.comparison) {
    case Comparison::kEqual:
      return std::abs(actual - expected) <= expectation.tolerance + slack;
    case Comparison::kAtMost:
      return actual <= expected + slack;
    case Comparison::kAtLeast:
      return actual >= expected - slack;
    case Comparison::kBelow:
      return actual < expected;
    case Comparison::kAbove:
      return actual > expected;
  }
  return false;
}

/// The actual value, with as many digits as it takes to tell it from the expected one.
std::string describe(double actual, const Expectation& expectation) {
  const bool bits = expectation.value.find("bps") != std::string::npos;
  constexpr int kMostDigits = 17;
  int digits = 5;
  while (digits < kMostDigits && actual != expectation.expected &&
         human(actual, expectation.unit, digits, bits) ==
             human(expectation.expected, expectation.unit, digits, bits)) {
    ++digits;
  }
  std::string text = human(actual, expectation.unit, digits, bits);
  const bool equal = expectation.comparison == Comparison::kEqual;
  if (equal && actual != expectation.expected && expectation.expected != 0) {
    text += fmt::format(" ({:+.3g} %)", (actual / expectation.expected - 1) * 100);
  }
  return text;
}

}  // namespace

std::optional<Expectation> parse_expectation(const std::string& key, const std::string& value,
                                             const std::vector<std::string>& scenario_paths,
                                             std::vector<std::string>& problems) {
  const std::size_t problems_before = problems.size();
  Expectation expectation;
  expectation.key = key;
  expectation.value = value;
  const std::string wanted = trimmed(key);
  if (!wanted.empty() && (wanted.back() == '<' || wanted.back() == '>')) {
    const std::string sign(1, wanted.back());
    problems.push_back("a bound stands after the '=', as in '" +
                       trimmed(wanted.substr(0, wanted.size() - 1)) + " = " + sign + "= " + value +
                       "'");
    return std::nullopt;
  }
  const std::size_t slash = wanted.find('/');
  expectation.left = parse_operand(trimmed(wanted.substr(0, slash)), scenario_paths, problems);
  if (slash != std::string::npos) {
    expectation.right = parse_operand(trimmed(wanted.substr(slash + 1)), scenario_paths, problems);
  }
  if (problems.size() > problems_before) return std::nullopt;

  try {
    const Metric* left = find_metric(expectation.left.metric);
    const Metric* right = expectation.right ? find_metric(expectation.right->metric) : left;
    if (expectation.right) {
      if (left == nullptr || right == nullptr) throw BadValue("a ratio of words is not a number");
      if (left->unit != right->unit) {
        throw BadValue(quoted(wanted) +
                       " is a ratio of different units, accepted: metrics of one unit");
      }
      expectation.unit = Unit::kRatio;
      parse_value(expectation);
    } else if (left == nullptr) {
      parse_word(expectation);
    } else {
      expectation.unit = left->unit;
      expectation.integer = left->integer;
      parse_value(expectation);
    }
  } catch (const BadValue& bad) {
    problems.emplace_back(bad.what());
    return std::nullopt;
  }
  return expectation;
}

std::vector<std::string> paths_of(const Expectation& expectation) {
  std::vector<std::string> paths{expectation.left.path};
  if (expectation.right) paths.push_back(expectation.right->path);
  return paths;
}

Outcome evaluate(const Expectation& expectation, const std::vector<Result>& results) {
  const std::string start =
      fmt::format("{}: {}: expected {}", expectation.origin, expectation.key, expectation.value);
  const auto skipped = [&](const std::string& why) {
    return Outcome{Verdict::kSkipped, start + ", not checked: " + why};
  };
  const auto judged = [&](bool passed, const std::string& actual) {
    return Outcome{passed ? Verdict::kPassed : Verdict::kFailed, start + ", got " + actual};
  };
  for (const std::string& path : paths_of(expectation)) {
    if (find_result(results, path) == nullptr) return skipped(path + " was not run");
  }
  const Result& left = *find_result(results, expectation.left.path);
  if (!expectation.word.empty()) {
    const std::string actual = word_of(left, expectation.left.metric);
    if (actual.empty() && left.execution == "native") return skipped("a native run cannot know it");
    return judged(actual == expectation.word, actual.empty() ? "nothing" : actual);
  }

  std::vector<double> values;
  std::vector<Operand> operands{expectation.left};
  if (expectation.right) operands.push_back(*expectation.right);
  for (const Operand& operand : operands) {
    const Result& result = *find_result(results, operand.path);
    const std::optional<double> value = result.value(operand.metric);
    if (!value && result.execution == "native") return skipped("a native run cannot know it");
    if (!value || !std::isfinite(*value)) return judged(false, "no value");
    values.push_back(*value);
  }
  if (!expectation.right)
    return judged(holds(expectation, values[0]), describe(values[0], expectation));
  const std::string parts = fmt::format(
      " ({} / {})", human(values[0], find_metric(expectation.left.metric)->unit, 5, false),
      human(values[1], find_metric(expectation.right->metric)->unit, 5, false));
  if (values[1] == 0) return judged(false, "a division by zero" + parts);
  const double ratio = values[0] / values[1];
  return judged(holds(expectation, ratio), describe(ratio, expectation) + parts);
}

}  // namespace copypath
