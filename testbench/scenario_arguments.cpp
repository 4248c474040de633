#include "testbench/scenario_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "models/paths/path.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

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

std::string text_of(const CommandLine& line, const char* option) {
  return line.options[option].as<std::string>();
}

}  // namespace copypath
