// Which of several paths does best: the one with the highest throughput and, of those that are
// equally fast, the one that takes the least CPU time for a gigabyte. What differs by less than a
// stated share counts as equal, so that no path wins by a rounding.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/ledger/result.h"

namespace copypath {

/// A throughput, or a CPU time per byte, that differs by no more is the same.
constexpr double kTie = 0.01;

/// The paths whose throughput is within kTie of the highest, by index. A path that did not deliver
/// is not among them.
std::vector<std::size_t> fastest(const std::vector<Result>& results);

/// Of the fastest, the one that takes the least CPU time; of those within kTie of it, the one that
/// is listed first. Nothing if no path delivered.
std::optional<std::size_t> winner(const std::vector<Result>& results);

}  // namespace copypath
