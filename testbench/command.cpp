// The commands of the program: choosing one, taking its command line apart, and turning whatever
// goes wrong into a message and an exit status.
#include "testbench/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <sstream>

#include "models/platform/simulate.h"
#include "native/input_files.h"
#include "testbench/output.h"
#include "testbench/scenario.h"
#include "testbench/simulations.h"
#include "testbench/suggest.h"
#include "testbench/version.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr const char* kExitStatus =
    "Exit status: 0 fine, 1 an expectation failed, 2 bad input, 3 the machine lacks something,\n"
    "4 internal error, 128 + N when interrupted by signal N.\n";

std::string program_help() {
  std::string text =
      "copypath simulates how the bytes of a file travel from a disk to a network wire, and what\n"
      "every copy on the way costs.\n\nUsage: copypath COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command* command : commands()) {
    const std::string usage = fmt::format("{} {}", command->name, command->operand);
    text += fmt::format("  {:<18}{}\n", usage, command->summary);
  }
  return text +
         "\n`copypath COMMAND --help` lists the options of a command.\n"
         "`copypath --version` prints the version.\n\n" +
         kExitStatus;
}

std::string command_help(const Command& command, const po::options_description& options,
                         const std::string& notes) {
  std::ostringstream listed;
  listed << options;
  return fmt::format("Usage: copypath {} {}{}[OPTIONS]\n{}: {}.\n\n{}{}", command.name,
                     command.operand, *command.operand != '\0' ? " " : "", command.name,
                     command.summary, listed.str(), notes.empty() ? "" : "\n" + notes);
}

std::vector<std::string> names_of(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

po::variables_map parse_options(const po::options_description& options,
                                const po::options_description& accepted,
                                const Arguments& arguments) {
  po::positional_options_description operands;
  operands.add("operand", -1);
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments)
                  .options(accepted)
                  .positional(operands)
                  .style(style)
                  .run(),
              values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    throw BadInput(
        Problems{"unknown option " + quoted(name) + did_you_mean(name, names_of(options))});
  } catch (const po::error& error) {
    throw BadInput(Problems{error.what()});
  }
  return values;
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command* command : commands()) {
    if (command->name == name) return *command;
    names.emplace_back(command->name);
  }
  const std::string kind = name.compare(0, 1, "-") == 0 ? "option" : "command";
  if (kind == "option") names = {"--help", "--version"};
  throw BadInput(Problems{fmt::format("unknown {} {}{}; `copypath --help` lists the commands", kind,
                                      quoted(name), did_you_mean(name, names))});
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty()) throw BadInput(Problems{"which command? `copypath --help` lists them"});
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h") {
    write_standard_output(program_help());
    return kFine;
  }
  if (first == "--version") {
    write_standard_output(fmt::format("copypath {}\n", version()));
    return kFine;
  }
  return find_command(first).run({std::next(arguments.begin()), arguments.end()});
}

void say(const std::string& message) { fmt::print(stderr, "copypath: {}\n", message); }

int fail(int status, const std::string& message) {
  say(message);
  return status;
}

}  // namespace

const std::vector<const Command*>& commands() {
  static const std::vector<const Command*> kCommands{&kRun,    &kCompare,   &kSweep,    &kAdvise,
                                                     &kNative, &kCalibrate, &kValidate, &kExplain,
                                                     &kKeys,   &kConvertLog};
  return kCommands;
}

bool parse(const Command& command, po::options_description options, const Arguments& arguments,
           const std::string& notes, CommandLine& line) {
  options.add_options()("help,h", "print this and stop");
  po::options_description accepted;
  accepted.add(options).add_options()("operand", po::value<Arguments>());
  line.options = parse_options(options, accepted, arguments);
  if (line.options.count("help") != 0) {
    write_standard_output(command_help(command, options, notes));
    return false;
  }
  if (line.options.count("operand") != 0) line.operands = line.options["operand"].as<Arguments>();
  const std::string operand = command.operand;
  const std::size_t most = operand.empty() ? 0 : 1;
  const bool many = operand.size() > 3 && operand.compare(operand.size() - 3, 3, "...") == 0;
  if (!many && line.operands.size() > most) {
    throw BadInput(
        {fmt::format("{}: unexpected argument {}", command.name, quoted(line.operands[most]))});
  }
  return true;
}

int run_program(const Arguments& arguments) {
  try {
    return dispatch(arguments);
  } catch (const BadInput& error) {
    for (const std::string& problem : error.problems()) say(problem);
    return kBadInput;
  } catch (const OutputError& error) {
    return fail(kBadInput, error.what());
  } catch (const native::MachineLacks& error) {
    return fail(kMachineLacks, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kInternalError, "out of memory");
  } catch (const std::exception& error) {
    return fail(kInternalError, error.what());
  }
}

}  // namespace copypath
