// Fields of comma-separated values (RFC 4180): a field with a comma, a quote or a line end is
// quoted, and quotes in it are doubled. A field does not go over several lines here.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace copypath {

std::string csv_field(const std::string& text);

/// The fields of a line; nothing if a quoted one does not end, or something follows its end.
std::optional<std::vector<std::string>> csv_fields(const std::string& line);

}  // namespace copypath
