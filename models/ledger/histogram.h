// How often something took how long: counts per interval of time, eight intervals for every
// doubling of a nanosecond, so that a quantile is known to within an eighth. Plain C++.
#pragma once

#include <array>
#include <cstdint>

#include "models/units.h"

namespace copypath {

class Histogram {
public:
  static constexpr unsigned kPerDoubling = 8;
  static constexpr unsigned kDoublings = 48;  ///< up to three days

  void add(sc_time time);
  void add(const Histogram& other);

  std::uint64_t count() const { return count_; }
  sc_time most() const { return most_; }
  /// The end of the interval that holds the given share of what was added, but no more than the
  /// most. 0: nothing was added.
  sc_time quantile(double share) const;

  /// Of interval `i`: how many it holds, and where it ends.
  std::uint64_t in(unsigned i) const { return counts_[i]; }
  static sc_time end_of(unsigned i);
  static constexpr unsigned intervals() { return kPerDoubling * kDoublings; }

private:
  std::array<std::uint64_t, kPerDoubling * kDoublings> counts_{};
  std::uint64_t count_ = 0;
  sc_time most_;
};

}  // namespace copypath
