// Rules that a single key's range cannot state: what the values of several keys must be to each
// other, or which values inside a range make no sense.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

struct Rule {
  std::vector<std::string> keys;  ///< the keys involved; the first names the problem
  /// What is wrong and what is accepted, or "".
  std::function<std::string(const Config&)> problem;
};

const std::vector<Rule>& rules();

}  // namespace copypath
