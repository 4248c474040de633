// A number is read as decimal digits and a power of ten, and a unit as a power of ten times a
// power of two. Integers are then made by exact integer arithmetic, and doubles by one correctly
// rounded conversion (scaling by a power of two is exact), on every machine alike.
#include "testbench/quantity.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <system_error>
#include <vector>

#include "testbench/suggest.h"

namespace copypath {
namespace {

__extension__ typedef unsigned __int128 Wide;

/// 10^tens * 2^twos of the base unit.
struct UnitScale {
  std::string name;
  int tens;
  int twos;
};

struct Kind {
  const char* name;              ///< with its article, for messages
  std::vector<UnitScale> units;  ///< empty: a bare number
};

/// digits * 10^tens of the unit.
struct Quantity {
  Wide digits = 0;
  int tens = 0;
  UnitScale unit;
};

const Kind& bytes_kind() {
  static const Kind kind{"a size",
                         {{"B", 0, 0},
                          {"kB", 3, 0},
                          {"MB", 6, 0},
                          {"GB", 9, 0},
                          {"TB", 12, 0},
                          {"PB", 15, 0},
                          {"KiB", 0, 10},
                          {"MiB", 0, 20},
                          {"GiB", 0, 30},
                          {"TiB", 0, 40},
                          {"PiB", 0, 50}}};
  return kind;
}

const Kind& rate_kind() {
  static const Kind kind = [] {
    Kind rate{"a rate", {}};
    for (const UnitScale& unit : bytes_kind().units) {
      rate.units.push_back({unit.name + "/s", unit.tens, unit.twos});
    }
    const char* const bits[] = {"bps", "kbps", "Mbps", "Gbps", "Tbps"};
    int tens = 0;
    for (const char* name : bits) {
      rate.units.push_back({name, tens, -3});
      tens += 3;
    }
    return rate;
  }();
  return kind;
}

/// The base unit is the picosecond.
const Kind& time_kind() {
  static const Kind kind{"a time",
                         {{"ps", 0, 0}, {"ns", 3, 0}, {"us", 6, 0}, {"ms", 9, 0}, {"s", 12, 0}}};
  return kind;
}

const Kind& seconds_per_gb_kind() {
  static const Kind kind{"a time per GB",
                         {{"ns/GB", -9, 0}, {"us/GB", -6, 0}, {"ms/GB", -3, 0}, {"s/GB", 0, 0}}};
  return kind;
}

const Kind& ratio_kind() {
  static const Kind kind{"a number or percentage", {{"", 0, 0}, {"%", -2, 0}}};
  return kind;
}

const Kind& count_kind() {
  static const Kind kind{"a whole number", {}};
  return kind;
}

/// "accepted: a time in ps, ns, us, ms or s".
std::string accepted(const Kind& kind) {
  std::string text = std::string("accepted: ") + kind.name;
  if (kind.units.empty() || kind.units.front().name.empty()) return text;
  const char* separator = " in ";
  for (std::size_t i = 0; i < kind.units.size(); ++i) {
    text += separator + kind.units[i].name;
    separator = i + 2 == kind.units.size() ? " or " : ", ";
  }
  return text;
}

[[noreturn]] void refuse(const std::string& text, const std::string& reason, const Kind& kind) {
  throw BadValue(quoted(text) + " " + reason + ", " + accepted(kind));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

UnitScale find_unit(const std::string& text, const std::string& name, const Kind& kind) {
  if (kind.units.empty() && name.empty()) return {"", 0, 0};
  std::vector<std::string> names;
  for (const UnitScale& unit : kind.units) {
    if (unit.name == name) return unit;
    names.push_back(unit.name);
  }
  if (name.empty()) refuse(text, "has no unit", kind);
  for (const Kind& other : {bytes_kind(), rate_kind(), time_kind(), seconds_per_gb_kind()}) {
    for (const UnitScale& unit : other.units) {
      if (unit.name == name) refuse(text, std::string("is ") + other.name, kind);
    }
  }
  throw BadValue(quoted(text) + " has the unknown unit " + quoted(name) + ", " + accepted(kind) +
                 did_you_mean(name, names));
}

Quantity parse(const std::string& text, const Kind& kind) {
  Quantity quantity;
  std::size_t at = 0;
  const auto digit_here = [&] { return at < text.size() && is_digit(text[at]); };
  if (!digit_here()) {
    const bool negative = text.size() > 1 && text[0] == '-' && is_digit(text[1]);
    refuse(text, negative ? "is negative" : "is not a number", kind);
  }
  constexpr int kMostDigits = 22;  // times the largest unit still fits a Wide
  int digits = 0;
  int zeros = 0;  // pending: they count only if another digit follows
  const auto take_digits = [&](bool fraction) {
    for (; digit_here(); ++at) {
      if (fraction) --quantity.tens;
      if (text[at] == '0') {
        if (digits > 0) ++zeros;
        continue;
      }
      digits = digits == 0 ? 1 : digits + zeros + 1;
      if (digits > kMostDigits) refuse(text, "has too many digits", kind);
      for (; zeros > 0; --zeros) quantity.digits *= 10;
      quantity.digits = quantity.digits * 10 + static_cast<unsigned>(text[at] - '0');
    }
  };
  take_digits(false);
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    ++at;
    take_digits(true);
  }
  quantity.tens += zeros;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t mark = at++;
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!digit_here()) at = mark;
    int exponent = 0;
    for (; at > mark && digit_here(); ++at) {
      if (exponent < 10000) exponent = exponent * 10 + (text[at] - '0');
    }
    quantity.tens += minus ? -exponent : exponent;
  }
  while (at < text.size() && text[at] == ' ') ++at;
  quantity.unit = find_unit(text, text.substr(at), kind);
  return quantity;
}

std::uint64_t to_integer(const std::string& text, const Kind& kind, const char* base_units) {
  const Quantity quantity = parse(text, kind);
  constexpr Wide kLargest = std::numeric_limits<std::uint64_t>::max();
  Wide value = quantity.digits;
  int tens = quantity.tens + quantity.unit.tens;
  if (value == 0) return 0;
  value <<= quantity.unit.twos;
  for (; tens < 0; ++tens) {
    if (value % 10 != 0) refuse(text, std::string("is not a whole number") + base_units, kind);
    value /= 10;
  }
  for (; tens > 0 && value <= kLargest; --tens) value *= 10;
  if (value > kLargest) refuse(text, "is too large", kind);
  return static_cast<std::uint64_t>(value);
}

std::string decimal(Wide value) {
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return text;
}

double to_double(const std::string& text, const Kind& kind, int more_tens = 0) {
  const Quantity quantity = parse(text, kind);
  const std::string digits = fmt::format("{}e{}", decimal(quantity.digits),
                                         quantity.tens + quantity.unit.tens + more_tens);
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (quantity.digits == 0) return 0;
  if (read.ec != std::errc()) {
    refuse(text, quantity.tens > 0 ? "is too large" : "is too small", kind);
  }
  value = std::ldexp(value, quantity.unit.twos);
  if (!std::isfinite(value)) refuse(text, "is too large", kind);
  return value;
}

double power_of_ten(int tens) {
  double value = 1;
  for (; tens > 0; --tens) value *= 10;
  return value;
}

/// The shortest way to write `value`, which is a whole number of base units.
std::string shortest(std::uint64_t value, const Kind& kind) {
  std::string best;
  for (const UnitScale& unit : kind.units) {
    const auto scale = static_cast<std::uint64_t>(power_of_ten(unit.tens))
                       << static_cast<unsigned>(unit.twos);
    if (value % scale != 0 || (value == 0 && !best.empty())) continue;
    const std::string text = fmt::format("{}{}", value / scale, unit.name);
    if (best.empty() || text.size() < best.size()) best = text;
  }
  return best;
}

struct HumanUnit {
  const char* name;
  double scale;
};

std::string human(double value, const std::vector<HumanUnit>& descending, int digits) {
  for (const HumanUnit& unit : descending) {
    // The margin keeps what would be rounded up to 1 of this unit from showing as 1000 of the next.
    if (std::abs(value) >= unit.scale * (1 - 1e-9) || &unit == &descending.back()) {
      return fmt::format("{:.{}g}{}", value / unit.scale, digits, unit.name);
    }
  }
  return "";
}

}  // namespace

Bytes parse_bytes(const std::string& text) {
  return Bytes(to_integer(text, bytes_kind(), " of bytes"));
}

Rate parse_rate(const std::string& text) { return Rate(to_double(text, rate_kind())); }

sc_time parse_time(const std::string& text) {
  return sc_time::from_value(to_integer(text, time_kind(), " of picoseconds"));
}

double parse_seconds(const std::string& text) { return to_double(text, time_kind(), -12); }

double parse_seconds_per_gb(const std::string& text) {
  return to_double(text, seconds_per_gb_kind());
}

double parse_ratio(const std::string& text) { return to_double(text, ratio_kind()); }

std::uint64_t parse_count(const std::string& text) { return to_integer(text, count_kind(), ""); }

std::string to_text(Bytes bytes) { return shortest(bytes.count(), bytes_kind()); }

std::string to_text(const sc_time& time) { return shortest(time.value(), time_kind()); }

std::string to_text(Rate rate, bool bits) {
  std::string best;
  for (const UnitScale& unit : rate_kind().units) {
    if ((unit.twos == -3) != bits) continue;
    const double scaled = std::ldexp(rate.bytes_per_second(), -unit.twos) / power_of_ten(unit.tens);
    const std::string text = fmt::format("{}{}", scaled, unit.name);
    // Dividing rounds: keep only what reads back as the same rate. The base unit always does.
    if (!best.empty() && (text.size() >= best.size() || parse_rate(text) != rate)) continue;
    best = text;
  }
  return best;
}

std::string ratio_to_text(double ratio) { return fmt::format("{}", ratio); }

std::string human_bytes(double bytes, int digits) {
  return human(bytes, {{"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}},
               digits);
}

std::string human_rate(double bytes_per_second, int digits, bool bits) {
  if (!bits) return human_bytes(bytes_per_second, digits) + "/s";
  return human(bytes_per_second * 8,
               {{"Tbps", 1e12}, {"Gbps", 1e9}, {"Mbps", 1e6}, {"kbps", 1e3}, {"bps", 1}}, digits);
}

std::string human_seconds(double seconds, int digits) {
  if (seconds == 0) return "0s";
  return human(seconds, {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"ps", 1e-12}},
               digits);
}

}  // namespace copypath
