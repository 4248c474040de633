#include "native/spread.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace copypath::native {

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  Spread spread;
  spread.least = values.front();
  spread.median = values[(values.size() - 1) / 2];
  if (mean != 0 && values.size() > 1) spread.variation = std::sqrt(squares / (count - 1)) / mean;
  return spread;
}

}  // namespace copypath::native
