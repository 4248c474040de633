// The command line of `run` and `compare`: its options, and what they mean.
#include "testbench/run_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "models/paths/path.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr unsigned kHelpWidth = 100;

constexpr const char* kNotes =
    "`copypath explain` lists the paths, `copypath keys` the keys.\n"
    "With several paths, --trace FILE.vcd writes one trace for each: FILE.PATH.vcd.\n"
    "Files are complete or not there: they are renamed into place at the end of the run.\n";

po::options_description run_options() {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) {
    return po::value<std::vector<std::string>>()->composing()->value_name(name);
  };
  options.add_options()  //
      ("path", texts("PATHS"),
       "run these paths (or all), not those of the scenario; may be repeated")                    //
      ("set", texts("KEY=VALUE"), "set a key of the scenario; may be repeated")                   //
      ("timing", text("burst|fluid"), "how the memory bus keeps time")                            //
      ("trace", text("FILE.vcd"), "write waveforms for GTKWave")                                  //
      ("trace-window", text("FROM..TO"), "simulated time to trace, such as 10us..50us or ..1ms")  //
      ("json", text("FILE"), "write the result records")                                          //
      ("quiet", "print nothing but errors")                                                       //
      ("dump", "print the effective configuration and stop");
  return options;
}

class Reader {
public:
  Reader(const CommandLine& line, RunArguments& run) : options_(line.options), run_(run) {}

  void read() {
    read_overrides();
    read_paths();
    read_file("trace", run_.trace);
    read_file("json", run_.json);
    if (options_.count("trace-window") != 0) read_window(text("trace-window"));
    run_.quiet = options_.count("quiet") != 0;
    run_.dump = options_.count("dump") != 0;
  }

  Problems problems;

private:
  std::string text(const char* name) const { return options_[name].as<std::string>(); }

  std::vector<std::string> texts(const char* name) const {
    if (options_.count(name) == 0) return {};
    return options_[name].as<std::vector<std::string>>();
  }

  void read_overrides() {
    for (const std::string& assignment : texts("set")) run_.overrides.push_back({assignment});
    if (options_.count("timing") != 0) {
      run_.overrides.push_back({"timing=" + text("timing"), "--timing"});
    }
  }

  void read_paths() {
    std::vector<std::string> chosen;
    for (const std::string& names : texts("path")) {
      std::istringstream words(names);
      std::string name;
      if (!(words >> name)) problems.emplace_back("--path: expected the name of a path");
      for (; words; words >> name) read_path(name, chosen);
    }
    if (chosen.empty()) return;
    std::string names;
    for (const std::string& name : chosen) names += (names.empty() ? "" : " ") + name;
    run_.overrides.push_back({"path=" + names, "--path"});
  }

  void read_path(const std::string& name, std::vector<std::string>& chosen) {
    if (name != kAllPaths && find_path(name) == nullptr) {
      problems.push_back("--path: " + unknown_path(name));
    } else if (std::count(chosen.begin(), chosen.end(), name) == 0) {
      chosen.push_back(name);
    }
  }

  void read_file(const char* name, std::string& file) {
    if (options_.count(name) == 0) return;
    file = text(name);
    if (file.empty()) problems.push_back(fmt::format("--{}: expected the name of a file", name));
  }

  void read_window(const std::string& window) {
    if (run_.trace.empty()) problems.emplace_back("--trace-window needs --trace FILE.vcd");
    const auto dots = window.find("..");
    if (dots == std::string::npos) {
      problems.push_back("--trace-window: expected FROM..TO, such as 10us..50us, not " +
                         quoted(window));
      return;
    }
    read_time(window.substr(0, dots), run_.trace_from);
    read_time(window.substr(dots + 2), run_.trace_to);
    if (run_.trace_to <= run_.trace_from) {
      problems.push_back("--trace-window: " + quoted(window) + " ends before it begins");
    }
  }

  void read_time(const std::string& time, sc_time& target) {
    try {
      if (!time.empty()) target = parse_time(time);
    } catch (const BadValue& error) {
      problems.emplace_back(std::string("--trace-window: ") + error.what());
    }
  }

  const po::variables_map& options_;
  RunArguments& run_;
};

}  // namespace

bool parse_run_arguments(const Command& command, const Arguments& arguments, RunArguments& run) {
  CommandLine line;
  if (!parse(command, run_options(), arguments, kNotes, line)) return false;
  Reader reader(line, run);
  reader.read();
  if (line.operands.empty()) {
    reader.problems.push_back(
        fmt::format("{}: which scenario? Usage: copypath {} SCENARIO", command.name, command.name));
  } else {
    run.scenario = line.operands[0];
  }
  if (!reader.problems.empty()) throw BadInput(reader.problems);
  return true;
}

}  // namespace copypath
