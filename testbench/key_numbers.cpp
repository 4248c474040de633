#include "testbench/key_numbers.h"

#include <algorithm>
#include <cmath>

#include "testbench/quantity.h"

namespace copypath {

namespace {

/// As for the key's own printing: its range is given in bits per second.
bool in_bits(const Key& key) { return key.accepted.find("bps") != std::string::npos; }

std::uint64_t whole(double number) { return static_cast<std::uint64_t>(std::llround(number)); }

/// The text of a number, as the key prints it; nothing if the key does not take it.
std::optional<std::string> text_of(const Key& key, double number) {
  std::string text;
  if (key.type == "size") text = to_text(Bytes(whole(number)));
  if (key.type == "rate") {
    text = to_text(in_bits(key) ? Rate::bits(number) : Rate(number), in_bits(key));
  }
  if (key.type == "time") text = to_text(sc_time::from_value(whole(number)));
  if (key.type == "count") text = std::to_string(whole(number));
  if (key.type == "ratio") text = ratio_to_text(number);
  try {
    Config config;
    key.set(config, text);
    return key.get(config);
  } catch (const BadValue&) {
    return std::nullopt;
  }
}

/// `number` rounded to a multiple of the largest power of `base` that is at most `most`; powers
/// below 1 only for what need not be whole.
double rounded(double number, double most, double base, bool is_whole) {
  const double exponent = std::floor(std::log(most) / std::log(base) + 1e-9);
  if (exponent >= 0 || is_whole) {
    const double step = std::pow(base, std::max(exponent, 0.0));
    return std::round(number / step) * step;
  }
  const double inverse = std::pow(base, -exponent);  // exact, unlike the step itself
  return std::round(number * inverse) / inverse;
}

}  // namespace

std::optional<double> number_of(const Key& key, const std::string& text) {
  try {
    if (key.type == "size") return static_cast<double>(parse_bytes(text).count());
    if (key.type == "rate") {
      return parse_rate(text).bytes_per_second() * (in_bits(key) ? 8 : 1);
    }
    if (key.type == "time") return static_cast<double>(parse_time(text).value());
    if (key.type == "count") return static_cast<double>(parse_count(text));
    if (key.type == "ratio") return parse_ratio(text);
  } catch (const BadValue&) {
    // A word, such as "none".
  }
  return std::nullopt;
}

std::optional<std::string> halfway(const Key& key, const std::string& a, const std::string& b) {
  const auto first = number_of(key, a);
  const auto second = number_of(key, b);
  if (!first || !second || *first == *second) return std::nullopt;
  const double gap = std::abs(*second - *first);
  const double base = key.type == "size" ? 2 : 10;
  const double middle =
      rounded((*first + *second) / 2, gap / base / base * 2, base, key.type != "ratio");
  if (middle <= std::min(*first, *second) || middle >= std::max(*first, *second)) {
    return std::nullopt;
  }
  return text_of(key, middle);
}

std::optional<std::string> scaled(const Key& key, const std::string& text, double factor) {
  const auto number = number_of(key, text);
  if (!number) return std::nullopt;
  return text_of(key, *number * factor);
}

}  // namespace copypath
