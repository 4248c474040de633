// The commands of the program, their command lines, and how they end.
// Options are parsed by Boost.Program_options; a mistyped one is answered with the nearest.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

namespace copypath {

/// Exit statuses of the program; an interrupt adds 128 + the signal's number.
constexpr int kFine = 0;
constexpr int kFailedExpectation = 1;
constexpr int kBadInput = 2;
constexpr int kMachineLacks = 3;
constexpr int kInternalError = 4;

using Arguments = std::vector<std::string>;

struct Command {
  const char* name;
  const char* operand;  ///< "SCENARIO"; in brackets if it may be left out, "..." behind it if there
                        ///< may be more; "" for none
  const char* summary;
  int (*run)(const Arguments& arguments);
};

/// All commands, in the order in which they are listed.
const std::vector<const Command*>& commands();

extern const Command kRun;
extern const Command kCompare;
extern const Command kSweep;
extern const Command kAdvise;
extern const Command kNative;
extern const Command kCalibrate;
extern const Command kValidate;
extern const Command kExplain;
extern const Command kKeys;
extern const Command kConvertLog;

/// A command line that has been taken apart.
struct CommandLine {
  boost::program_options::variables_map options;
  Arguments operands;  ///< what is not an option
};

/// Adds --help to `options` and parses. Throws BadInput for what it does not accept, too many
/// operands included. Prints the help and returns false if that is what was asked for.
bool parse(const Command& command, boost::program_options::options_description options,
           const Arguments& arguments, const std::string& notes, CommandLine& line);

/// The paths of the model.
std::vector<std::string> path_names();

/// The message about a path that is not among those that are known.
std::string unknown_path(const std::string& name, const std::vector<std::string>& known);

/// Runs the program with the arguments that follow its name. Says on standard error what went
/// wrong, and returns the exit status.
int run_program(const Arguments& arguments);

}  // namespace copypath
