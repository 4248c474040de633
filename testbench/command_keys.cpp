// `copypath keys`: every key of a scenario file, with its unit, range, default and source.
#include "testbench/command.h"
#include "testbench/keys.h"
#include "testbench/output.h"

namespace copypath {

namespace {

int list_keys(const Arguments& arguments) {
  boost::program_options::options_description options("Options");
  options.add_options()("markdown", "as a page for the documentation");
  CommandLine line;
  if (!parse(kKeys, options, arguments, "", line)) return kFine;
  write_standard_output(line.options.count("markdown") != 0 ? keys_as_markdown() : keys_as_text());
  return kFine;
}

}  // namespace

const Command kKeys{"keys", "", "the table of the keys that a scenario file may set", list_keys};

}  // namespace copypath
