// Boost's parser stops at the first bad line and does not say where it was. So every line is
// looked at first: bad ones are reported and blanked, good ones give the positions of the settings
// that the parser then finds, one per line and in the same order.
#include "testbench/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "testbench/key_kinds.h"
#include "testbench/keys.h"
#include "testbench/suggest.h"

namespace copypath {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr std::size_t kLongestFile = 1 << 20;
constexpr std::size_t kLongestLine = 8192;

std::string trimmed(const std::string& text) {
  const char* const kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The length of the UTF-8 sequence at `at`, or 0 if there is none.
std::size_t utf8_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(at);
  std::size_t length = 0;
  unsigned code = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) {
    length = 2;
    code = lead & 0x1fU;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    length = 3;
    code = lead & 0x0fU;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    length = 4;
    code = lead & 0x07U;
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
    code = (code << 6U) | (byte(at + i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool impossible = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
  return overlong || impossible ? 0 : length;
}

/// The keys as Boost's parser knows them.
const po::options_description& options() {
  static const po::options_description kOptions = [] {
    po::options_description known;
    for (const Key& key : keys()) known.add_options()(key.name.c_str(), po::value<std::string>());
    known.add_options()((kExpectPrefix + "*").c_str(), po::value<std::string>());
    return known;
  }();
  return kOptions;
}

/// What Boost's parser makes of a text whose every line it accepts.
std::vector<po::option> parse(const std::string& text) {
  std::istringstream stream(text);
  const bool kAllowUnregistered = true;  // they are reported here, all of them
  return po::parse_config_file(stream, options(), kAllowUnregistered).options;
}

/// Where a setting was found, before its key has been checked.
struct Place {
  std::string origin;
  bool reported = false;  ///< the section is unknown, and that has been said
};

/// A setting from Boost's parser, or nothing if its key or value is bad.
std::optional<Setting> checked(const po::option& option, const Place& place, Problems& problems) {
  const Setting setting{option.string_key, option.value.front(), place.origin};
  const auto problem = [&](const std::string& what) {
    problems.push_back(place.origin + ": " + setting.key + ": " + what);
  };
  if (place.reported) return std::nullopt;
  if (option.unregistered) {
    const std::size_t dot = setting.key.find('.');
    const Key* top_level =
        dot == std::string::npos ? nullptr : find_key(setting.key.substr(dot + 1));
    if (top_level != nullptr && top_level->section().empty()) {
      problem("is unknown, '" + top_level->name + "' stands before the first [section]");
    } else {
      problem("is unknown, 'copypath keys' lists what is accepted" + suggest_key(setting.key));
    }
    return std::nullopt;
  }
  if (setting.value.empty()) {
    const Key* key = find_key(setting.key);
    const bool range = key != nullptr && !key->accepted.empty();
    problem("has no value" + (range ? ", accepted: " + key->accepted : ""));
    return std::nullopt;
  }
  return setting;
}

/// Spaces inside the key of an expectation do not make it another one.
std::string without_blanks(std::string key) {
  key.erase(std::remove_if(key.begin(), key.end(), [](char c) { return c == ' ' || c == '\t'; }),
            key.end());
  return key;
}

/// Reports keys that are set more than once, and keeps the first of each.
std::vector<Setting> without_repetitions(const std::vector<Setting>& settings, Problems& problems) {
  std::map<std::string, std::string> first;
  std::vector<Setting> result;
  for (const Setting& setting : settings) {
    const auto [found, is_new] = first.emplace(without_blanks(setting.key), setting.origin);
    if (is_new) {
      result.push_back(setting);
    } else {
      problems.push_back(setting.origin + ": " + setting.key + ": is set twice, first at " +
                         found->second);
    }
  }
  return result;
}

/// Looks at the lines of a file one by one, and keeps what Boost's parser will accept.
class Lines {
public:
  Lines(std::string file, Problems& problems) : file_(std::move(file)), problems_(problems) {}

  void add(const std::string& raw) {
    ++number_;
    text_ += accept(raw) ? raw + "\n" : "\n";
  }

  const std::string& text() const { return text_; }
  const std::vector<Place>& places() const { return places_; }

private:
  std::string origin() const { return fmt::format("{}:{}", file_, number_); }

  bool refuse(const std::string& what) {
    problems_.push_back(origin() + ": " + what);
    return false;
  }

  bool accept(const std::string& raw) {
    if (raw.size() > kLongestLine) {
      return refuse(
          fmt::format("the line has {} bytes, accepted: at most {}", raw.size(), kLongestLine));
    }
    const std::size_t comment = std::min(raw.find('#'), raw.size());
    const std::string line = trimmed(raw.substr(0, comment));
    if (line.empty()) return true;
    if (line.front() == '[' && line.back() == ']') return accept_section(line);
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) {
      return refuse(quoted(line) + " is neither 'key = value' nor a '[section]'");
    }
    const std::string key = trimmed(line.substr(0, equals));
    if (key.empty()) return refuse(quoted(line) + " has no key before the '='");
    if (key.front() == '[') return refuse("a '[section]' stands on a line of its own");
    if (comment < raw.size() && raw[comment - 1] != ' ' && raw[comment - 1] != '\t') {
      return refuse(key +
                    ": a '#' begins a comment, put a space before it (no value can hold one)");
    }
    places_.push_back({origin(), section_unknown_});
    return true;
  }

  bool accept_section(const std::string& line) {
    const std::string name = line.substr(1, line.size() - 2);
    std::vector<std::string> known = sections();
    known.push_back("expect");
    section_unknown_ = std::find(known.begin(), known.end(), name) == known.end();
    if (!section_unknown_) return true;
    refuse(quoted(line) + " is an unknown section, accepted: " + listed(known) +
           did_you_mean(trimmed(name), known));
    // Boost's parser keeps the section, so that its keys do not look like those of another; but it
    // cannot stand an empty name.
    return !name.empty();
  }

  std::string file_;
  Problems& problems_;
  int number_ = 0;
  bool section_unknown_ = false;
  std::string text_;
  std::vector<Place> places_;
};

}  // namespace

bool is_text(const std::string& text, bool line_ends) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool end =
        byte == '\n' || (byte == '\r' && (at + 1 == text.size() || text[at + 1] == '\n'));
    if ((byte < 0x20 || byte == 0x7f) && byte != '\t' && !(line_ends && end)) return false;
    at += length;
  }
  return true;
}

bool is_expectation(const Setting& setting) {
  return setting.key.compare(0, kExpectPrefix.size(), kExpectPrefix) == 0;
}

std::optional<std::string> read_text(const std::string& file, Problems& problems) {
  const auto refuse = [&](const std::string& what) {
    problems.push_back(file + ": " + what);
    return std::nullopt;
  };
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) return refuse("no such file");
  if (error) return refuse("cannot be read: " + error.message());
  if (fs::is_directory(status)) return refuse("is a directory, not a file");
  if (!fs::is_regular_file(status)) return refuse("is not a regular file");
  if (fs::file_size(file, error) > kLongestFile)
    return refuse("is larger than 1MiB, and so no scenario");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return refuse("cannot be read: permission denied");
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (stream.bad()) return refuse("cannot be read");
  const std::string kByteOrderMark = "\xef\xbb\xbf";
  if (text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
    text.erase(0, kByteOrderMark.size());
  }
  if (trimmed(text).empty()) return refuse("is empty");
  if (!is_text(text, true)) {
    std::size_t good = 0;
    while (is_text(text.substr(good, text.find('\n', good) - good), true)) {
      good = text.find('\n', good) + 1;
    }
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(good), '\n');
    return refuse(fmt::format("is not a text file: line {} is not UTF-8 or has control characters",
                              line + 1));
  }
  return text;
}

std::vector<Setting> read_settings(const std::string& text, const std::string& file,
                                   Problems& problems) {
  Lines lines(file, problems);
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.add(line);
  const std::vector<po::option> parsed = parse(lines.text());
  if (parsed.size() != lines.places().size()) {
    throw std::logic_error("the lines of " + file + " do not match its settings");
  }
  std::vector<Setting> settings;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const auto setting = checked(parsed[i], lines.places()[i], problems);
    if (setting) settings.push_back(*setting);
  }
  return without_repetitions(settings, problems);
}

std::vector<Setting> read_overrides(const std::vector<Override>& overrides, Problems& problems) {
  std::vector<Setting> settings;
  for (const Override& override_ : overrides) {
    const std::string assignment = trimmed(override_.assignment);
    const auto refuse = [&](const std::string& what) {
      problems.push_back(override_.origin + ": " + what);
    };
    if (!is_text(assignment, false)) {
      refuse("is not UTF-8 or has control characters");
    } else if (assignment.find('=') == std::string::npos || assignment.front() == '=' ||
               assignment.front() == '[') {
      refuse(quoted(assignment) + " is not of the form key=value");
    } else if (assignment.find('#') != std::string::npos) {
      refuse(quoted(assignment) + " has a '#', which begins a comment in scenario files");
    } else {
      for (const po::option& option : parse(assignment)) {
        const auto setting = checked(option, {override_.origin, false}, problems);
        if (setting) settings.push_back(*setting);
      }
    }
  }
  return without_repetitions(settings, problems);
}

}  // namespace copypath
