// Rules that a single key's range cannot state: what the values of several keys must be to each
// other, or which values inside a range make no sense.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

// SystemC counts picoseconds in 64 bits, which are 213 days; this leaves room for latencies.
constexpr double kLongestRun = 100 * 86400.0;  ///< seconds

struct Rule {
  std::vector<std::string> keys;  ///< the keys involved; the first names the problem
  /// What is wrong and what is accepted, or "".
  std::function<std::string(const Config&)> problem;
};

const std::vector<Rule>& rules();

}  // namespace copypath
