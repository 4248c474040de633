// What the command lines of `run`, `compare` and `native` have in common: the scenario, what
// overrides it, and where the results go.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "testbench/command.h"
#include "testbench/scenario.h"

namespace copypath {

constexpr unsigned kHelpWidth = 100;

struct ScenarioArguments {
  std::string scenario;
  std::vector<Override> overrides;
  std::vector<std::string> paths;  ///< from --path, "all" among them; empty: those of the scenario
  std::string json;                ///< empty: none
  bool quiet = false;
  bool dump = false;
};

/// Adds --path, --set, --json, --quiet and --dump.
void add_scenario_options(boost::program_options::options_description& options);

/// Reads these and the operand. --path accepts `known_paths` and "all".
void read_scenario_arguments(const Command& command, const CommandLine& line,
                             const std::vector<std::string>& known_paths,
                             ScenarioArguments& arguments, Problems& problems);

/// Reads the name of a file, if that option is there.
void read_file_name(const CommandLine& line, const char* option, std::string& file,
                    Problems& problems);

/// Reads the folder for temporary files: --dir, else $TMPDIR, else what `folder` is already.
void read_folder(const CommandLine& line, std::string& folder, Problems& problems);

/// Reads how often to do something, if that option is there.
void read_repetitions(const CommandLine& line, const char* option, unsigned& times,
                      Problems& problems);

/// The text of an option that is there.
std::string text_of(const CommandLine& line, const char* option);

}  // namespace copypath
