// Access logs of web servers, in the common or the combined format (the default of Apache, nginx
// and most others), made into a list of requests that a scenario can replay.
#pragma once

#include <string>

#include "testbench/settings.h"

namespace copypath {

struct ConvertedLog {
  std::string csv;           ///< for workload.list
  std::size_t requests = 0;  ///< rows
  std::size_t left_out = 0;  ///< lines of other methods, of failures, or without a body
};

/// Converts the text of a log. Times count from its earliest line. A line that is no line of such a
/// log is a problem, with its number.
/// What a log does not say is assumed: a part (206) begins at 0, and a file is as large as the
/// largest response for it.
ConvertedLog convert_access_log(const std::string& text, const std::string& file,
                                Problems& problems);

}  // namespace copypath
