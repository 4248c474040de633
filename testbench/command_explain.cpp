// `copypath explain`: the steps of a data path, each with the kernel function that it mirrors and
// where that can be read. What the bytes cost on that path is known only by running it.
#include <fmt/format.h>

#include <algorithm>

#include "models/paths/elsewhere.h"
#include "models/paths/path.h"
#include "testbench/command.h"
#include "testbench/output.h"
#include "testbench/scenario.h"
#include "testbench/suggest.h"
#include "testbench/table.h"

namespace copypath {

namespace {

std::string list_of_paths() {
  std::string text = "Data paths:\n";
  std::size_t longest = 0;
  for (const Path* path : paths()) longest = std::max(longest, std::string(path->name).size());
  for (const Path* path : paths()) {
    const std::string start = fmt::format("  {:<{}}  ", path->name, longest);
    text += start + hanging(path->summary, start.size(), terminal_width()) + "\n";
  }
  return text + "`copypath explain PATH` lists the steps of a path.\n";
}

std::string explanation(const Path& path) {
  const std::size_t width = terminal_width();
  std::string text = fmt::format("{}: {}\n\n", path.name,
                                 hanging(path.summary, std::string(path.name).size() + 2, width));
  unsigned number = 0;
  for (const Step& step : path.steps) {
    text += fmt::format("{:>3}. {}\n", ++number, hanging(step.what, 5, width));
    text += fmt::format("     {:<28} {}\n", step.kernel_function, step.source);
  }
  text += "\nElsewhere:\n";
  for (const Elsewhere& entry : elsewhere(path.name)) {
    text += fmt::format("  {}: {}\n", entry.where,
                        hanging(entry.call, std::string(entry.where).size() + 4, width));
    text += fmt::format("      {}\n", hanging(entry.notes, 6, width));
  }
  return text;
}

const Path& chosen_path(const std::string& name) {
  if (const Path* path = find_path(name)) return *path;
  throw BadInput(Problems{unknown_path(name, path_names())});
}

int explain(const Arguments& arguments) {
  CommandLine line;
  if (!parse(kExplain, {"Options"}, arguments, "Without PATH, the paths are listed.\n", line)) {
    return kFine;
  }
  write_standard_output(line.operands.empty() ? list_of_paths()
                                              : explanation(chosen_path(line.operands[0])));
  return kFine;
}

}  // namespace

std::vector<std::string> path_names() {
  std::vector<std::string> names;
  for (const Path* path : paths()) names.emplace_back(path->name);
  return names;
}

std::string unknown_path(const std::string& name, const std::vector<std::string>& known) {
  return fmt::format("unknown path {}{}; `copypath explain` lists the paths", quoted(name),
                     did_you_mean(name, known));
}

const Command kExplain{"explain", "[PATH]", "the steps of a path, with the kernel's own functions",
                       explain};

}  // namespace copypath
