// Reads scenario text into settings: which key was given which value, and where. Files and --set
// both go through Boost.Program_options' config-file parser; around it, this finds the lines and
// reports what that parser would pass over in silence or stop at.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace copypath {

/// One key and its value as written, with the place that set it.
struct Setting {
  std::string key;     ///< with its section: "nic.rate"
  std::string value;   ///< trimmed, not empty
  std::string origin;  ///< "file:line", or "--set"
};

/// "key=value" from the command line.
struct Override {
  std::string assignment;        ///< e.g. "nic.rate=25Gbps"
  std::string origin = "--set";  ///< what to call it in messages, e.g. "--path"
};

/// Complete messages, ready to be shown.
using Problems = std::vector<std::string>;

/// Whether this is UTF-8 without control characters other than tabs (and line ends, if allowed).
bool is_text(const std::string& text, bool line_ends);

/// The content of a text file, without a byte order mark. What is not a readable, non-empty text
/// file of UTF-8 is a problem, and nothing is returned.
std::optional<std::string> read_text(const std::string& file, Problems& problems);

/// The settings of a scenario's or host profile's text. Unknown keys and sections, keys set twice,
/// empty values and lines that are no settings are problems.
std::vector<Setting> read_settings(const std::string& text, const std::string& file,
                                   Problems& problems);

/// The settings of the command line. Each key may be set once.
std::vector<Setting> read_overrides(const std::vector<Override>& overrides, Problems& problems);

/// The section that holds expectations; its keys are not in the table of keys.
inline const std::string kExpectPrefix = "expect.";
bool is_expectation(const Setting& setting);

}  // namespace copypath
