// "Did you mean ...?": the nearest of some accepted words, for messages about a mistyped one.
// Nearness is the number of letters to insert, delete, replace or swap.
#pragma once

#include <string>
#include <vector>

namespace copypath {

/// The nearest candidate to `word`, letter case ignored, or "" if none is near enough to be what
/// was meant.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// " (did you mean 'X'?)" for the nearest candidate, or "".
std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

/// The text in single quotes, shortened if it is long, for use in messages.
std::string quoted(const std::string& text);

}  // namespace copypath
