#include "models/kernel/readahead.h"

#include <algorithm>

namespace copypath {

namespace {

std::uint64_t round_up_to_power_of_two(std::uint64_t n) {
  std::uint64_t power = 1;
  while (power < n) power *= 2;
  return power;
}

}  // namespace

// get_init_ra_size()
std::uint64_t Readahead::first_size(std::uint64_t request, std::uint64_t max) {
  const std::uint64_t size = round_up_to_power_of_two(request);
  if (size <= max / 32) return size * 4;
  if (size <= max / 4) return size * 2;
  return max;
}

// get_next_ra_size()
std::uint64_t Readahead::next_size(std::uint64_t size, std::uint64_t max) {
  if (size < max / 16) return 4 * size;
  if (size <= max / 2) return 2 * size;
  return max;
}

ReadaheadWindow Readahead::on_miss(std::uint64_t index, std::uint64_t request) {
  if (max_ == 0) return {index, request, 0};
  if (index == 0) return begin_at(index, request);
  if (window_.size > 0 && index == window_.start + window_.size) {
    return continue_from(index, index, next_size(window_.size, max_));
  }
  if (request > max_ || (previous_ != kNone && index - previous_ <= 1)) {
    return begin_at(index, request);
  }
  return {index, request, 0};  // a random read: only what is asked for, and the state stays
}

std::optional<ReadaheadWindow> Readahead::on_mark(std::uint64_t index, std::uint64_t request,
                                                  std::uint64_t next_missing) {
  if (max_ == 0) return std::nullopt;
  const std::uint64_t end = window_.start + window_.size;
  if (index == end - window_.async_size || index == end) {
    return continue_from(index, end, next_size(window_.size, max_));
  }
  if (next_missing - index > max_) return std::nullopt;
  return continue_from(index, next_missing, next_size(next_missing - index + request, max_));
}

ReadaheadWindow Readahead::around(std::uint64_t index) {
  if (max_ == 0) return {index, 1, 0};
  window_ = {index > max_ / 2 ? index - max_ / 2 : 0, max_, max_ / 4};
  return window_;
}

ReadaheadWindow Readahead::begin_at(std::uint64_t index, std::uint64_t request) {
  const std::uint64_t size = first_size(request, max_);
  window_ = {index, size, size > request ? size - request : size};
  return submit(index);
}

ReadaheadWindow Readahead::continue_from(std::uint64_t index, std::uint64_t start,
                                         std::uint64_t size) {
  window_ = {start, size, size};
  return submit(index);
}

ReadaheadWindow Readahead::submit(std::uint64_t index) {
  // A window that would meet its own mark at once is merged with the next one.
  if (index == window_.start && window_.size == window_.async_size) {
    const std::uint64_t more = next_size(window_.size, max_);
    if (window_.size + more <= max_) {
      window_.async_size = more;
      window_.size += more;
    } else {
      window_.size = max_;
      window_.async_size = max_ / 2;
    }
  }
  return window_;
}

}  // namespace copypath
