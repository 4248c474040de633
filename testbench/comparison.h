// What the paths of a scenario cost side by side, and why: the table, one line of reason for
// every movement of bytes, and a sentence that sums it up.
#pragma once

#include <string>
#include <vector>

#include "models/ledger/result.h"
#include "models/platform/config.h"

namespace copypath {

/// What was simulated, in one line.
std::string describe(const Config& config, const std::string& scenario);

/// Metrics as rows, paths as columns.
std::string comparison_table(const Config& config, const std::vector<Result>& results,
                             std::size_t width);

/// Paths as rows, with what matters most in the columns; for more paths than fit side by side.
std::string overview(const Config& config, const std::vector<Result>& results, std::size_t width);

/// How the bytes of one path travel: a numbered list, control traffic last and without numbers.
std::string reasons(const Result& result, std::size_t width);

/// What the other path saves with respect to the first.
std::string summary(const Result& first, const Result& other, std::size_t width);

/// Every metric of one path, and its system calls.
std::string record(const Result& result);

}  // namespace copypath
