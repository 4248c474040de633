#include "testbench/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>
#include <vector>

#include "testbench/csv.h"
#include "testbench/quantity.h"
#include "testbench/request_csv.h"
#include "testbench/suggest.h"

namespace copypath {

namespace {

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr const char* kFormat =
    "HOST IDENT USER [10/Oct/2000:13:55:36 -0700] \"GET /file HTTP/1.1\" 200 2326";

struct Line {
  std::int64_t time = 0;  // seconds since 1970
  std::string client;
  std::string file;
  std::string bytes;
  bool has_body = false;
};

/// Takes a line apart from left to right.
class Scanner {
public:
  explicit Scanner(const std::string& line) : line_(line) {}

  /// Up to the next `end`, which is passed.
  std::string until(char end) {
    const std::size_t found = line_.find(end, at_);
    if (found == std::string::npos) fail();
    std::string text = line_.substr(at_, found - at_);
    at_ = found + 1;
    return text;
  }

  void expect(char c) {
    if (at_ >= line_.size() || line_[at_++] != c) fail();
  }

  /// Up to a quote without a backslash before it.
  std::string quoted_text() {
    expect('"');
    std::string text;
    for (; at_ < line_.size() && line_[at_] != '"'; ++at_) {
      text += line_[at_];
      if (line_[at_] == '\\' && at_ + 1 < line_.size()) text += line_[++at_];
    }
    expect('"');
    return text;
  }

  /// A number of so many digits, or of any number of them.
  std::int64_t number(std::size_t digits) {
    const std::string text = line_.substr(std::min(at_, line_.size()), digits);
    if (text.size() != digits || text.find_first_not_of("0123456789") != text.npos) fail();
    at_ += digits;
    return std::stoll(text);
  }

  std::string word(std::size_t letters) {
    const std::string text = line_.substr(std::min(at_, line_.size()), letters);
    at_ += text.size();
    return text;
  }

  /// Nothing is left, or what the combined format appends: texts in quotes.
  bool at_end_or_quote() const { return at_ >= line_.size() || line_.compare(at_, 2, " \"") == 0; }

  /// Up to the next space or the end.
  std::string last_word() {
    const std::size_t end = std::min(line_.find(' ', at_), line_.size());
    const std::string text = line_.substr(at_, end - at_);
    at_ = end;
    return text;
  }

  [[noreturn]] static void fail() {
    throw BadValue(std::string("is no line of an access log, accepted: ") + kFormat);
  }

private:
  const std::string& line_;
  std::size_t at_ = 0;
};

std::int64_t days_of_month(std::int64_t year, std::int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
std::int64_t days(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;  // years begin with March, so that leap days are last
  const std::int64_t era = year / 400;
  const std::int64_t of_era = year % 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/// [10/Oct/2000:13:55:36 -0700]
std::int64_t time_of(Scanner& in) {
  in.expect('[');
  const std::int64_t day = in.number(2);
  in.expect('/');
  const std::string name = in.word(3);
  const auto* const month =
      std::find_if(kMonths.begin(), kMonths.end(), [&](const char* m) { return name == m; });
  if (month == kMonths.end()) Scanner::fail();
  in.expect('/');
  const std::int64_t year = in.number(4);
  std::array<std::int64_t, 3> clock{};
  for (std::int64_t& part : clock) {
    in.expect(':');
    part = in.number(2);
  }
  in.expect(' ');
  const std::string sign = in.word(1);
  if (sign != "+" && sign != "-") Scanner::fail();
  const std::int64_t hours = in.number(2);
  const std::int64_t minutes = in.number(2);
  const std::int64_t zone = (hours * 60 + minutes) * 60 * (sign == "-" ? -1 : 1);
  in.expect(']');
  if (hours > 23 || minutes > 59) Scanner::fail();
  if (day < 1 || day > days_of_month(year, month - kMonths.begin() + 1) || clock[0] > 23 ||
      clock[1] > 59 || clock[2] > 60)
    Scanner::fail();
  return days(year, month - kMonths.begin() + 1, day) * 86400 + clock[0] * 3600 + clock[1] * 60 +
         clock[2] - zone;
}

Line parse(const std::string& text) {
  Scanner in(text);
  Line line;
  line.client = in.until(' ');
  in.until(' ');
  in.until(' ');
  line.time = time_of(in);
  in.expect(' ');
  const std::string request = in.quoted_text();
  in.expect(' ');
  const std::int64_t status = in.number(3);
  in.expect(' ');
  line.bytes = in.last_word();
  const bool none = line.bytes == "-" || line.bytes == "0";
  if (!in.at_end_or_quote() || status < 100 || status > 599) Scanner::fail();
  if (line.client.empty() || line.bytes.empty() || line.bytes.size() > 15 ||
      (line.bytes != "-" && line.bytes.find_first_not_of("0123456789") != std::string::npos)) {
    Scanner::fail();
  }
  if (status / 100 != 2 || none || request.compare(0, 4, "GET ") != 0) return line;
  line.file = request.substr(4, request.find_first_of(" ?#", 4) - 4);
  line.has_body = !line.file.empty();
  return line;
}

}  // namespace

ConvertedLog convert_access_log(const std::string& text, const std::string& file,
                                Problems& problems) {
  std::vector<Line> kept;
  ConvertedLog log;
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    try {
      const Line parsed = parse(line);
      if (parsed.has_body) kept.push_back(parsed);
      log.left_out += parsed.has_body ? 0 : 1;
    } catch (const BadValue& bad) {
      problems.push_back(fmt::format("{}:{}: {}", file, number, bad.what()));
    }
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const Line& a, const Line& b) { return a.time < b.time; });
  log.requests = kept.size();
  log.csv = std::string(kRequestHeading) + "\n";
  for (const Line& line : kept) {
    log.csv += fmt::format("{},{},{},0,{}\n", line.time - kept.front().time, csv_field(line.client),
                           csv_field(line.file), line.bytes);
  }
  return log;
}

}  // namespace copypath
