// `copypath convert-log`: an access log of a web server as a list of requests (workload.list).
#include <fmt/format.h>

#include <memory>

#include "testbench/access_log.h"
#include "testbench/command.h"
#include "testbench/output.h"
#include "testbench/run_outputs.h"
#include "testbench/scenario_arguments.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr const char* kNotes =
    "Reads the common and the combined log format, as Apache and nginx write them, and prints "
    "what\n"
    "workload.list takes. Lines of other methods than GET, of failures and of responses without a\n"
    "body are left out. A log has no offsets and no file sizes: parts begin at 0, and a file is "
    "as\n"
    "large as the largest response for it.\n";

int run(const Arguments& words) {
  po::options_description options("Options", kHelpWidth);
  options.add_options()("csv", po::value<std::string>()->value_name("FILE"),
                        "write to this file instead of standard output");
  CommandLine line;
  if (!parse(kConvertLog, options, words, kNotes, line)) return kFine;
  Problems problems;
  std::string csv;
  read_file_name(line, "csv", csv, problems);
  if (line.operands.empty()) {
    problems.emplace_back("convert-log: which log? Usage: copypath convert-log LOG");
  }
  if (!problems.empty()) throw BadInput(problems);
  const std::string& file = line.operands[0];
  const auto text = read_text(file, problems);
  if (!text) throw BadInput(problems);
  std::unique_ptr<OutputFile> output;
  if (!csv.empty()) {
    check_distinct({csv}, {file});
    output = std::make_unique<OutputFile>(csv);
  }
  const ConvertedLog log = convert_access_log(*text, file, problems);
  if (problems.empty() && log.requests == 0) {
    problems.push_back(file + ": has no response with a body");
  }
  if (!problems.empty()) throw BadInput(problems);
  if (output) {
    output->write(log.csv);
    output->commit();
  } else {
    write_standard_output(log.csv);
  }
  if (log.left_out > 0) {
    fmt::print(stderr, "copypath: {} requests; {} lines left out: not GET, failed, or no body\n",
               log.requests, log.left_out);
  }
  return kFine;
}

}  // namespace

const Command kConvertLog{"convert-log", "LOG",
                          "make a list of requests of a web server's access log", run};

}  // namespace copypath
