#include "testbench/ranking.h"

#include <algorithm>

namespace copypath {

namespace {

double metric(const Result& result, const char* name) { return result.value(name).value_or(0); }

}  // namespace

std::vector<std::size_t> fastest(const std::vector<Result>& results) {
  double most = 0;
  for (const Result& result : results) {
    if (result.delivered_ok) most = std::max(most, metric(result, "throughput_Bps"));
  }
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const double rate = metric(results[i], "throughput_Bps");
    if (results[i].delivered_ok && rate >= most * (1 - kTie)) found.push_back(i);
  }
  return found;
}

std::optional<std::size_t> winner(const std::vector<Result>& results) {
  const std::vector<std::size_t> candidates = fastest(results);
  if (candidates.empty()) return std::nullopt;
  const auto cost = [&](std::size_t i) { return metric(results[i], "cpu_s_per_GB"); };
  double least = cost(candidates.front());
  for (const std::size_t i : candidates) least = std::min(least, cost(i));
  return *std::find_if(candidates.begin(), candidates.end(),
                       [&](std::size_t i) { return cost(i) <= least * (1 + kTie); });
}

}  // namespace copypath
