// The values of numeric keys as numbers, in the smallest unit in which they are written, and back:
// what it takes to go from one value of a key towards another.
#pragma once

#include <optional>
#include <string>

#include "testbench/keys.h"

namespace copypath {

/// In bytes, bytes or bits per second, picoseconds, or as it is. Nothing if the key is not numeric,
/// or the text is a word ("none") or no value at all.
std::optional<double> number_of(const Key& key, const std::string& text);

/// A short value of the key about halfway between two others, and different from both; nothing if
/// there is none. Sizes are multiples of as large a power of two as fits, other values of a power
/// of ten.
std::optional<std::string> halfway(const Key& key, const std::string& a, const std::string& b);

/// The value of the key `factor` times as large, in the form in which it is written; nothing if it
/// is out of range or not numeric.
std::optional<std::string> scaled(const Key& key, const std::string& text, double factor);

}  // namespace copypath
