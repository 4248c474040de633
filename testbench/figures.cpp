// Numbers as people read them. Rounds for the eye only: JSON keeps every digit.
#include "testbench/figures.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace copypath {

namespace {

struct Scale {
  double factor;
  const char* unit;
};

double three_digits(double value) {
  if (value == 0) return 0;
  const double step = std::pow(10.0, std::floor(std::log10(std::fabs(value))) - 2);
  return std::round(value / step) * step;
}

/// The value with the largest unit that keeps at least one digit before the point.
std::string scaled(double value, const std::vector<Scale>& scales, const std::string& per = "") {
  const double rounded = three_digits(value);
  if (rounded == 0) return "0 " + std::string(scales.back().unit) + per;
  const Scale* scale = &scales.front();
  for (const Scale& candidate : scales) {
    scale = &candidate;
    if (std::fabs(rounded) >= candidate.factor * (1 - 1e-9)) break;
  }
  const double number = rounded / scale->factor;
  const double size = std::fabs(number) * (1 + 1e-9);
  const bool whole = scale->unit == std::string("B") && number == std::floor(number);
  const int decimals = whole || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}{}", number, decimals, scale->unit, per);
}

std::string bytes(double value, const std::string& per = "") {
  static const std::vector<Scale> kScales{{1e15, "PB"}, {1e12, "TB"}, {1e9, "GB"},
                                          {1e6, "MB"},  {1e3, "kB"},  {1, "B"}};
  return scaled(value, kScales, per);
}

std::string seconds(double value, const std::string& per = "") {
  static const std::vector<Scale> kScales{{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
  if (value == 0) return "0 s" + per;
  return scaled(value, kScales, per);
}

std::string count(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  const std::size_t first = digits[0] == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

std::string figure(std::optional<double> value, Unit unit) {
  if (!value) return "-";
  switch (unit) {
    case Unit::kBytes:
      return bytes(*value);
    case Unit::kBytesPerSecond:
      return bytes(*value, "/s");
    case Unit::kSeconds:
      return seconds(*value);
    case Unit::kSecondsPerGB:
      return seconds(*value, "/GB");
    case Unit::kCount:
      return count(*value);
    case Unit::kRatio:
      return fmt::format("{:.2f}", *value);
  }
  return "-";
}

std::string percent(std::optional<double> share) {
  return share ? fmt::format("{:.1f} %", *share * 100) : "-";
}

std::string figure(const Result& result, const std::string& metric) {
  const auto value = result.value(metric);
  if (metric.find("utilisation") != std::string::npos) return percent(value);
  return figure(value, find_metric(metric)->unit);
}

}  // namespace copypath
