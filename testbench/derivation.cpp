#include "testbench/derivation.h"

#include <fmt/format.h>

#include <algorithm>

namespace copypath {

namespace {

std::string nanoseconds_text(double seconds) {
  return fmt::format("{:.0f}ps", std::max(0.0, seconds) * 1e12);
}
std::string rate_text(double seconds_per_byte) {
  return fmt::format("{:.0f}MB/s", std::clamp(1e-6 / std::max(seconds_per_byte, 1e-14), 1.0, 9e6));
}

}  // namespace

const char* sureness_of(double variation) {
  if (variation < 0.05) return "sure";
  return variation < 0.15 ? "fair" : "rough";
}

void Derivation::derive(const char* key, std::initializer_list<const char*> from,
                        const std::function<double()>& seconds, std::string (*text)(double),
                        const char* how) {
  double variation = 0;
  for (const char* name : from) {
    if (!t_.has(name)) return;
    variation = std::max(variation, t_.variation(name));
  }
  values_[key] = seconds();
  keys_.push_back({key, text(values_[key]), how, sureness_of(variation)});
}

void Derivation::time(const char* key, std::initializer_list<const char*> from,
                      const std::function<double()>& seconds, const char* how) {
  derive(
      key, from, [&] { return std::max(0.0, seconds()); }, nanoseconds_text, how);
}

void Derivation::rate(const char* key, std::initializer_list<const char*> from,
                      const std::function<double()>& seconds_per_byte, const char* how) {
  derive(key, from, seconds_per_byte, rate_text, how);
}

void Derivation::fact(const char* key, const std::string& value, const char* how,
                      const char* sureness) {
  keys_.push_back({key, value, how, sureness});
}

double Derivation::value(const char* key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? 0 : found->second;
}

}  // namespace copypath
