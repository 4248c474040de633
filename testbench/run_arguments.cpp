// The command line of `run` and `compare`: its options, and what they mean.
#include "testbench/run_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr const char* kNotes =
    "`copypath explain` lists the paths, `copypath keys` the keys.\n"
    "With several paths, --trace FILE.vcd writes one trace for each: FILE.PATH.vcd; so does "
    "--pcap.\n"
    "Files are complete or not there: they are renamed into place at the end of the run.\n";

po::options_description run_options() {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add_scenario_options(options);
  options.add_options()                                                       //
      ("timing", text("burst|fluid"), "how the memory bus keeps time")        //
      ("trace", text("FILE.vcd"), "write waveforms for GTKWave")              //
      ("pcap", text("FILE.pcap"), "write what is on the wire for Wireshark")  //
      ("trace-window", text("FROM..TO"), "simulated time to trace, such as 10us..50us or ..1ms");
  return options;
}

void read_time(const std::string& time, sc_time& target, Problems& problems) {
  try {
    if (!time.empty()) target = parse_time(time);
  } catch (const BadValue& error) {
    problems.emplace_back(std::string("--trace-window: ") + error.what());
  }
}

void read_window(const std::string& window, RunArguments& run, Problems& problems) {
  if (run.trace.empty()) problems.emplace_back("--trace-window needs --trace FILE.vcd");
  const auto dots = window.find("..");
  if (dots == std::string::npos) {
    problems.push_back("--trace-window: expected FROM..TO, such as 10us..50us, not " +
                       quoted(window));
    return;
  }
  read_time(window.substr(0, dots), run.trace_from, problems);
  read_time(window.substr(dots + 2), run.trace_to, problems);
  if (run.trace_to <= run.trace_from) {
    problems.push_back("--trace-window: " + quoted(window) + " ends before it begins");
  }
}

}  // namespace

bool parse_run_arguments(const Command& command, const Arguments& arguments, RunArguments& run) {
  CommandLine line;
  if (!parse(command, run_options(), arguments, kNotes, line)) return false;
  Problems problems;
  read_scenario_arguments(command, line, path_names(), run, problems);
  if (!run.paths.empty()) {
    run.overrides.push_back({fmt::format("path={}", fmt::join(run.paths, " ")), "--path"});
  }
  if (line.options.count("timing") != 0) {
    run.overrides.push_back({"timing=" + text_of(line, "timing"), "--timing"});
  }
  read_file_name(line, "trace", run.trace, problems);
  read_file_name(line, "pcap", run.capture, problems);
  if (line.options.count("trace-window") != 0) {
    read_window(text_of(line, "trace-window"), run, problems);
  }
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

}  // namespace copypath
