#include "testbench/sweep_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "testbench/key_numbers.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

/// What a person would wait for, and a spreadsheet still opens.
constexpr std::size_t kMostPoints = 100'000;

constexpr const char* kNotes =
    "--vary memory.bandwidth=10GB/s,20GB/s,40GB/s simulates the scenario with each value; several\n"
    "--vary make a grid. Where the bottleneck, the fastest paths or the winner change between two\n"
    "values of a numeric key, bisection finds the place. The results so far are kept beside the\n"
    "first of --csv and --json, as FILE.resume, until the sweep is complete: the same command "
    "goes\n"
    "on where it stopped.\n";

po::options_description sweep_options() {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()  //
      ("vary",
       po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE,VALUE,..."),
       "simulate with each of these values; may be repeated");
  add_scenario_options(options);
  options.add_options()                                                    //
      ("timing", text("burst|fluid"), "how the memory bus keeps time")     //
      ("csv", text("FILE"), "write a row of metrics for each simulation")  //
      ("precision", text("SHARE"),
       "how closely to look for crossovers, of the value; 1% if absent");
  return options;
}

/// Whether two texts mean the same value.
bool same_value(const Key& key, const std::string& a, const std::string& b) {
  Config first;
  Config second;
  key.set(first, a);
  key.set(second, b);
  return key.get(first) == key.get(second);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> values;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string value = list.substr(at, end - at);
    const std::size_t first = value.find_first_not_of(" \t");
    const std::size_t last = value.find_last_not_of(" \t");
    values.push_back(first == std::string::npos ? "" : value.substr(first, last - first + 1));
    at = end + 1;
  }
  return values;
}

void read_values(const std::string& list, Axis& axis, Problems& problems) {
  const std::string start = fmt::format("--vary: {}: ", axis.key->name);
  for (const std::string& value : split(list)) {
    try {
      if (value.empty()) throw BadValue("expected a value before and after each comma");
      Config config;
      axis.key->set(config, value);
      const auto same = std::find_if(
          axis.values.begin(), axis.values.end(),
          [&](const std::string& other) { return same_value(*axis.key, value, other); });
      if (same != axis.values.end()) {
        throw BadValue(quoted(value) + " is listed twice, accepted: different values");
      }
      axis.values.push_back(value);
    } catch (const BadValue& bad) {
      problems.push_back(start + bad.what());
    }
  }
}

void read_axis(const std::string& text, std::vector<Axis>& axes, Problems& problems) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    problems.push_back("--vary: expected KEY=VALUE,VALUE,..., not " + quoted(text));
    return;
  }
  const std::string name = text.substr(0, equals);
  const Key* key = find_key(name);
  if (key == nullptr) {
    problems.push_back(
        fmt::format("--vary: {}: is unknown, 'copypath keys' lists what is accepted{}", name,
                    suggest_key(name)));
  } else if (name == "path" || name == "title") {
    problems.push_back(fmt::format("--vary: {}: does not vary, accepted: any other key{}", name,
                                   name == "path" ? "; --path names the paths" : ""));
  } else if (std::any_of(axes.begin(), axes.end(), [&](const Axis& a) { return a.key == key; })) {
    problems.push_back(
        fmt::format("--vary: {}: varies already, accepted: all its values in one "
                    "--vary",
                    name));
  } else {
    Axis axis{key, {}};
    read_values(text.substr(equals + 1), axis, problems);
    axes.push_back(axis);
  }
}

void read_precision(const std::string& text, double& precision, Problems& problems) {
  try {
    precision = parse_ratio(text);
    if (precision >= 1e-6 && precision <= 0.5) return;
    problems.push_back("--precision: " + quoted(text) +
                       " is out of range, accepted: 0.000001 to 0.5");
  } catch (const BadValue& bad) {
    problems.push_back(std::string("--precision: ") + bad.what());
  }
}

}  // namespace

bool parse_sweep_arguments(const Command& command, const Arguments& words, SweepArguments& sweep) {
  CommandLine line;
  if (!parse(command, sweep_options(), words, kNotes, line)) return false;
  Problems problems;
  read_scenario_arguments(command, line, path_names(), sweep, problems);
  if (!sweep.paths.empty()) {
    sweep.overrides.push_back({fmt::format("path={}", fmt::join(sweep.paths, " ")), "--path"});
  }
  if (line.options.count("timing") != 0) {
    sweep.overrides.push_back({"timing=" + text_of(line, "timing"), "--timing"});
  }
  read_file_name(line, "csv", sweep.csv, problems);
  if (line.options.count("precision") != 0) {
    read_precision(text_of(line, "precision"), sweep.precision, problems);
  }
  if (line.options.count("vary") == 0) {
    problems.emplace_back("sweep: what varies? --vary KEY=VALUE,VALUE,... says it");
  } else {
    for (const std::string& text : line.options["vary"].as<std::vector<std::string>>()) {
      read_axis(text, sweep.axes, problems);
    }
  }
  std::size_t points = 1;
  for (const Axis& axis : sweep.axes) {
    points *= std::min(axis.values.size(), kMostPoints + 1);
    points = std::min(points, kMostPoints + 1);
  }
  if (points > kMostPoints) {
    problems.push_back(
        fmt::format("--vary: the grid is larger than {} points, accepted: at most "
                    "that many",
                    kMostPoints));
  }
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

}  // namespace copypath
