#include "testbench/scenario_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "models/paths/path.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr std::uint64_t kMostRepetitions = 10000;

std::vector<std::string> texts_of(const CommandLine& line, const char* option) {
  if (line.options.count(option) == 0) return {};
  return line.options[option].as<std::vector<std::string>>();
}

void add_path(const std::string& name, const std::vector<std::string>& known,
              std::vector<std::string>& paths, Problems& problems) {
  if (name != kAllPaths && std::count(known.begin(), known.end(), name) == 0) {
    problems.push_back("--path: " + unknown_path(name, known));
  } else if (std::count(paths.begin(), paths.end(), name) == 0) {
    paths.push_back(name);
  }
}

}  // namespace

void add_scenario_options(po::options_description& options) {
  const auto texts = [](const char* name) {
    return po::value<std::vector<std::string>>()->composing()->value_name(name);
  };
  options.add_options()  //
      ("path", texts("PATHS"),
       "run these paths (or all), not those of the scenario; may be repeated")            //
      ("set", texts("KEY=VALUE"), "set a key of the scenario; may be repeated")           //
      ("json", po::value<std::string>()->value_name("FILE"), "write the result records")  //
      ("quiet", "print nothing but errors")                                               //
      ("dump", "print the effective configuration and stop");
}

void read_scenario_arguments(const Command& command, const CommandLine& line,
                             const std::vector<std::string>& known_paths,
                             ScenarioArguments& arguments, Problems& problems) {
  for (const std::string& assignment : texts_of(line, "set")) {
    arguments.overrides.push_back({assignment});
  }
  for (const std::string& names : texts_of(line, "path")) {
    std::istringstream words(names);
    std::string name;
    if (!(words >> name)) problems.emplace_back("--path: expected the name of a path");
    for (; words; words >> name) add_path(name, known_paths, arguments.paths, problems);
  }
  read_file_name(line, "json", arguments.json, problems);
  arguments.quiet = line.options.count("quiet") != 0;
  arguments.dump = line.options.count("dump") != 0;
  if (line.operands.empty()) {
    problems.push_back(
        fmt::format("{}: which scenario? Usage: copypath {} SCENARIO", command.name, command.name));
  } else {
    arguments.scenario = line.operands[0];
  }
}

void read_file_name(const CommandLine& line, const char* option, std::string& file,
                    Problems& problems) {
  if (line.options.count(option) == 0) return;
  file = text_of(line, option);
  if (file.empty()) problems.push_back(fmt::format("--{}: expected the name of a file", option));
}

void read_folder(const CommandLine& line, std::string& folder, Problems& problems) {
  const char* const temporary = std::getenv("TMPDIR");
  if (temporary != nullptr && *temporary != '\0') folder = temporary;
  if (line.options.count("dir") != 0) folder = text_of(line, "dir");
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    problems.push_back("--dir: " + copypath::quoted(folder) + " is not a folder");
  }
}

void read_repetitions(const CommandLine& line, const char* option, unsigned& times,
                      Problems& problems) {
  if (line.options.count(option) == 0) return;
  try {
    const std::uint64_t count = parse_count(text_of(line, option));
    if (count == 0 || count > kMostRepetitions) {
      throw BadValue(fmt::format("{} is out of range, accepted: 1 .. {}", count, kMostRepetitions));
    }
    times = static_cast<unsigned>(count);
  } catch (const BadValue& error) {
    problems.push_back(fmt::format("--{}: {}", option, error.what()));
  }
}

std::string text_of(const CommandLine& line, const char* option) {
  return line.options[option].as<std::string>();
}

}  // namespace copypath
