// How much the repetitions of a measurement differ.
#pragma once

#include <vector>

namespace copypath::native {

struct Spread {
  double least = 0;
  double median = 0;     ///< of an even number of values, the lower of the two in the middle
  double variation = 0;  ///< coefficient of variation: standard deviation over mean
};

/// Of at least one value.
Spread spread_of(std::vector<double> values);

}  // namespace copypath::native
