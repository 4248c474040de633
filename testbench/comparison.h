// What the paths of a scenario cost side by side, and why: the table, one line of reason for
// every movement of bytes, and a sentence that sums it up.
#pragma once

#include <string>
#include <vector>

#include "models/ledger/result.h"
#include "models/platform/config.h"

namespace copypath {

/// The title of the scenario, and in one line what was executed and how ("fluid timing").
std::string describe(const Config& config, const std::string& scenario, const std::string& how);

/// Metrics as rows, paths as columns. What no result knows is left out.
std::string comparison_table(const Config& config, const std::vector<Result>& results,
                             std::size_t width);

/// Paths as rows, with what matters most in the columns; for more paths than fit side by side.
std::string overview(const Config& config, const std::vector<Result>& results, std::size_t width);

/// As many paths as can be read side by side; more get a line each.
constexpr std::size_t kSideBySide = 4;

/// How the bytes of one path travel: a numbered list, control traffic last and without numbers.
std::string reasons(const Result& result, std::size_t width);

/// What the other path saves with respect to the first.
std::string summary(const Result& first, const Result& other, std::size_t width);

/// Every metric of one path, and its system calls.
std::string record(const Result& result);

}  // namespace copypath
