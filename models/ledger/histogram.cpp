#include "models/ledger/histogram.h"

#include <algorithm>
#include <cmath>

namespace copypath {

namespace {

constexpr std::uint64_t kPicoseconds = 1000;  // of a nanosecond

/// Whole eighths of a doubling: below 8 ns every nanosecond is an interval of its own.
unsigned interval_of(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kFirst = Histogram::kPerDoubling;
  unsigned doublings = 0;
  while (nanoseconds >= 2 * kFirst) {
    nanoseconds /= 2;
    ++doublings;
  }
  const auto interval = static_cast<unsigned>(doublings * kFirst + nanoseconds);
  return std::min(interval, Histogram::intervals() - 1);
}

}  // namespace

void Histogram::add(sc_time time) {
  ++counts_[interval_of(time.value() / kPicoseconds)];
  ++count_;
  most_ = std::max(most_, time);
}

void Histogram::add(const Histogram& other) {
  for (unsigned i = 0; i < intervals(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  most_ = std::max(most_, other.most_);
}

sc_time Histogram::end_of(unsigned i) {
  const unsigned doublings = i < 2 * kPerDoubling ? 0 : i / kPerDoubling - 1;
  const std::uint64_t first = i - doublings * kPerDoubling;
  return sc_time::from_value(((first + 1) << doublings) * kPicoseconds);
}

sc_time Histogram::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t so_far = 0;
  for (unsigned i = 0; i < intervals(); ++i) {
    so_far += counts_[i];
    if (counts_[i] > 0 && so_far >= wanted) return std::min(end_of(i), most_);
  }
  return most_;
}

}  // namespace copypath
