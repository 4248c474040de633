// Quantities as people write them: 100MB, 64KiB, 25.6GB/s, 10Gbps, 1.5us, 75%.
// kB, MB, GB, ... are powers of ten; KiB, MiB, GiB, ... powers of two; bps are bits per second.
// Parsing is strict and exact: integers stay integers, doubles are rounded once. What to_text()
// prints parses back to the very same value, so that a dumped configuration can be run again.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "models/units.h"

namespace copypath {

/// A text that is not a value of the wanted kind. what() says what is wrong and what is accepted.
struct BadValue : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Each of these throws BadValue for everything that is not exactly one quantity of its kind: a
// missing or foreign unit, a sign, "inf", "nan", hexadecimal digits, anything after the unit, a
// value that does not fit. Spaces between number and unit are accepted, and exponents (1e-3).

/// Bytes; a fraction (1.5KiB) is accepted if it makes a whole number of them.
Bytes parse_bytes(const std::string& text);
/// In bytes (25.6GB/s, 6GiB/s) or bits (10Gbps) per second.
Rate parse_rate(const std::string& text);
/// A simulated time: ps, ns, us, ms or s; a whole number of picoseconds.
sc_time parse_time(const std::string& text);
/// A time of any precision, in seconds.
double parse_seconds(const std::string& text);
/// CPU time per 10^9 bytes, in s/GB.
double parse_seconds_per_gb(const std::string& text);
/// A bare number (0.75) or a percentage (75%).
double parse_ratio(const std::string& text);
/// A whole number without a unit.
std::uint64_t parse_count(const std::string& text);

std::string to_text(Bytes bytes);
/// In bits per second if `bits`, else in bytes per second, in whichever unit is shortest.
std::string to_text(Rate rate, bool bits = false);
std::string to_text(const sc_time& time);
std::string ratio_to_text(double ratio);

// For people to read: a few significant digits in a fitting unit. Not meant to be parsed.
std::string human_bytes(double bytes, int digits = 4);
std::string human_rate(double bytes_per_second, int digits = 4, bool bits = false);
std::string human_seconds(double seconds, int digits = 4);

}  // namespace copypath
