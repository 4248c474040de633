// `copypath validate`: runs scenarios in the model and through real system calls, and says how far
// the two agree. The model gets a host profile of this machine, calibrated now unless one is named.
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "models/platform/simulate.h"
#include "native/resources.h"
#include "testbench/command.h"
#include "testbench/locate.h"
#include "testbench/native_fit.h"
#include "testbench/output.h"
#include "testbench/progress.h"
#include "testbench/run_outputs.h"
#include "testbench/scenario.h"
#include "testbench/scenario_arguments.h"
#include "testbench/signals.h"
#include "testbench/simulations.h"
#include "testbench/table.h"
#include "testbench/validation_report.h"

namespace copypath {

namespace {

namespace po = boost::program_options;

constexpr int kInterruptStatus = 128;
constexpr unsigned kRepeat = 36;
constexpr unsigned kRepeatForOthers = 9;    // where no CPU time is judged
constexpr unsigned kRepeatForCounters = 3;  // of which the median counts
constexpr unsigned kRoundsForPrinting = 5;

struct ValidateArguments {
  std::vector<std::string> scenarios;
  std::vector<Override> overrides;
  std::string host;
  std::string folder = "/var/tmp";
  std::string json, html, markdown;
  unsigned repeat = 0;  // 0: as the scenario needs it
  bool timing = true;
  bool quiet = false;
};

bool parse_arguments(const Arguments& words, ValidateArguments& arguments) {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                                    //
      ("host", text("FILE.ini"), "the host profile of this machine (default: calibrate)")  //
      ("repeat", text("N"), "native runs of every path, in turns (default: 36, or 9)")     //
      ("counters", "judge no times: counters alone, after three runs")                     //
      ("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
       "set a key of all scenarios; may be repeated")                                     //
      ("json", text("FILE"), "write the record")                                          //
      ("html", text("FILE"), "write the report as a page for a browser")                  //
      ("markdown", text("FILE"), "write the report as a page of the documentation")       //
      ("dir", text("FOLDER"), "for the temporary files (default: $TMPDIR, or /var/tmp)")  //
      ("quiet", "print nothing but the verdicts that fail");
  CommandLine line;
  if (!parse(kValidate, options, words, "", line)) return false;
  Problems problems;
  arguments.scenarios = line.operands;
  if (line.operands.empty()) {
    problems.emplace_back("validate: which scenario? Usage: copypath validate SCENARIO...");
  }
  read_file_name(line, "host", arguments.host, problems);
  read_file_name(line, "json", arguments.json, problems);
  read_file_name(line, "html", arguments.html, problems);
  read_file_name(line, "markdown", arguments.markdown, problems);
  read_folder(line, arguments.folder, problems);
  arguments.quiet = line.options.count("quiet") != 0;
  arguments.timing = line.options.count("counters") == 0;
  read_repetitions(line, "repeat", arguments.repeat, problems);
  if (line.options.count("set") != 0) {
    for (const std::string& one : line.options["set"].as<std::vector<std::string>>()) {
      arguments.overrides.push_back({one});
    }
  }
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

/// A file in memory that has no name and is gone with this process.
class MemoryFile {
public:
  explicit MemoryFile(const std::string& content)
      : descriptor_(memfd_create("host profile", MFD_CLOEXEC)) {
    std::ofstream(name()) << content;
  }
  std::string name() const { return fmt::format("/proc/self/fd/{}", int{descriptor_}); }

private:
  native::Descriptor descriptor_;
};

std::string content_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::vector<Result> predict(const Config& config, bool quiet) {
  std::vector<Simulation> simulations(config.paths.size());
  for (std::size_t i = 0; i < simulations.size(); ++i) simulations[i].path = config.paths[i];
  run_all(config, simulations, {!quiet, [] {}});
  if (interrupt_count() > 0) throw Interrupted();
  std::vector<Result> results;
  for (const Simulation& simulation : simulations) results.push_back(simulation.result);
  return results;
}

/// How often each path is run.
unsigned repetitions(const Config& config, const ValidateArguments& arguments) {
  if (arguments.repeat > 0) return arguments.repeat;
  if (!arguments.timing) return kRepeatForCounters;
  return what_it_validates(config) == Validates::kCpuTime ? kRepeat : kRepeatForOthers;
}

/// Over what the scenario's NIC stands for.
native::Options native_options(const Config& config, const ValidateArguments& arguments) {
  native::Options options;
  options.repeat = repetitions(config, arguments);
  options.folder = arguments.folder;
  options.evidence = true;
  options.sink = native::sink_of(config.workload.sink);
  if (config.nic.link == Link::kEthernet) {
    options.wire = native::Wire::kVeth;
    options.pace = config.workload.kind != WorkloadKind::kProxy;  // of a proxy no time is judged
    options.evidence = !options.pace;  // behind tbf packets go by that the probes are not shown
  }
  options.interrupted = [] { return interrupt_count() > 0; };
  return options;
}

/// In every round where CPU time is judged; else in some, as times are printed.
unsigned calibrations_for(const Config& config, const ValidateArguments& arguments) {
  if (!arguments.timing) return 1;
  const unsigned rounds = repetitions(config, arguments);
  const bool judged = what_it_validates(config) == Validates::kCpuTime;
  return judged ? rounds : std::min(rounds, kRoundsForPrinting);
}

/// What real system calls take, and what the machine's primitives do, if there is no profile of it
/// yet: in turns, as a machine is not as fast at all times.
struct Observed {
  native::Report report;
  std::vector<native::Measured> primitives;
};

Observed observe(const Config& config, const ValidateArguments& arguments,
                 const std::string& which) {
  native::Options options = native_options(config, arguments);
  std::vector<const native::Path*> paths;
  std::vector<std::string> parts{"files"};
  for (const std::string& name : config.paths) {
    if (!not_native(name, config).empty()) continue;
    paths.push_back(native::find_path(name));
    parts.push_back(name);
  }
  const std::size_t calibrating = parts.size();
  const unsigned calibrations = arguments.host.empty() ? calibrations_for(config, arguments) : 0;
  if (calibrations > 0) parts.emplace_back("calibrating");
  ProgressLine progress(parts, !arguments.quiet, which);
  options.progress = [&](std::size_t part, double share) { progress.update(part, share); };
  native::Runner runner(config, paths, options);
  std::optional<native::Calibration> calibration;
  if (calibrations > 0) calibration.emplace(arguments.folder, &runner.files());
  for (unsigned round = 0; round < options.repeat; ++round) {
    if (round < calibrations) {
      calibration->round([&](double share) {
        if (interrupt_count() > 0) throw Interrupted();
        progress.update(calibrating, (round + share) / calibrations);
      });
    }
    runner.round();
  }
  Observed observed;
  if (calibration) observed.primitives = calibration->measured();
  calibration.reset();
  observed.report = runner.report();
  return observed;
}

Scenario load(const std::string& file, const ValidateArguments& arguments,
              const std::string& host) {
  std::vector<Override> overrides;
  if (!host.empty()) overrides.push_back({"host=" + host, "--host"});
  overrides.insert(overrides.end(), arguments.overrides.begin(), arguments.overrides.end());
  return load_scenario(file, overrides, shipped_folder());
}

ValidatedScenario validate(const std::string& file, const ValidateArguments& arguments,
                           const std::string& which) {
  const Config config = load(file, arguments, arguments.host).config;
  const Observed observed = observe(config, arguments, which);
  std::unique_ptr<MemoryFile> calibrated;
  std::string host = arguments.host;
  if (host.empty()) {
    const native::HostFacts facts = native::host_facts(arguments.folder);
    calibrated =
        std::make_unique<MemoryFile>(profile_text(host_profile(observed.primitives, facts), facts));
    host = calibrated->name();
  }
  const Scenario scenario = load(file, arguments, host);
  ValidatedScenario result =
      validated(file, scenario.config, predict(scenario.config, arguments.quiet), observed.report);
  result.repeat = repetitions(config, arguments);
  result.profile = content_of(scenario.host);
  return result;
}

/// A line on what has come out of a scenario, as those that follow may take half an hour.
void show_outcome(const std::string& which, const ValidatedScenario& scenario, bool timing) {
  std::string outcome;
  for (const Claim& claim : verdicts({scenario}, timing)) {
    if (!claim.holds) outcome += fmt::format("; {}: {}", claim.text, claim.outcome);
  }
  fmt::print(stderr, "{} ({}): {}\n", which, scenario.title,
             outcome.empty() ? "every claim holds" : "not" + outcome.substr(1));
}

/// Of all scenarios, or of those that were done when it was interrupted.
Validation validate(const ValidateArguments& arguments) {
  Validation validation;
  validation.host = arguments.host;
  validation.timing = arguments.timing;
  unsigned most = 0;
  const std::size_t all = arguments.scenarios.size();
  try {
    for (std::size_t i = 0; i < all; ++i) {
      const std::string which = fmt::format("scenario {} of {}", i + 1, all);
      validation.scenarios.push_back(validate(arguments.scenarios[i], arguments, which));
      const ValidatedScenario& last = validation.scenarios.back();
      if (!arguments.quiet && all > 1) show_outcome(which, last, arguments.timing);
      const unsigned rounds = calibrations_for(last.config, arguments);
      if (rounds < most) continue;
      validation.profile = last.profile;
      most = rounds;
    }
  } catch (const Interrupted&) {
    validation.left_out = all - validation.scenarios.size();
  }
  validation.verdicts = verdicts(validation.scenarios, validation.timing);
  return validation;
}

/// Throws BadInput if nothing of the scenario can be measured.
void require_native_paths(const Scenario& scenario) {
  require_paths(scenario);
  Problems problems{scenario.file + ": path: none of its paths can be run natively"};
  for (const std::string& path : scenario.config.paths) {
    const std::string reason = not_native(path, scenario.config);
    if (reason.empty()) return;
    problems.push_back(scenario.file + ": path: " + path + ": " + reason);
  }
  throw BadInput(problems);
}

int validate_command(const Arguments& words) {
  ValidateArguments arguments;
  if (!parse_arguments(words, arguments)) return kFine;
  // What is wrong with a scenario is said before anything is measured.
  std::vector<std::string> inputs;
  for (const std::string& file : arguments.scenarios) {
    const Scenario scenario = load(file, arguments, arguments.host);
    require_native_paths(scenario);
    for (const std::string& input : inputs_of(scenario)) inputs.push_back(input);
  }
  check_distinct({arguments.json, arguments.html, arguments.markdown}, inputs);
  const SignalGuard guard;
  std::vector<std::pair<std::unique_ptr<OutputFile>, std::string (*)(const Validation&)>> outputs;
  const auto reserve = [&](const std::string& name, std::string (*form)(const Validation&)) {
    if (!name.empty()) outputs.emplace_back(std::make_unique<OutputFile>(name), form);
  };
  reserve(arguments.json, validation_json);
  reserve(arguments.html, validation_html);
  reserve(arguments.markdown, validation_markdown);
  const Validation validation = validate(arguments);
  if (validation.left_out > 0) {
    if (!arguments.quiet && !validation.scenarios.empty()) {
      write_standard_output(validation_text(validation, terminal_width()));
    }
    fmt::print(stderr, "copypath: interrupted\n");
    return kInterruptStatus + interrupt_signal();
  }
  for (const auto& [file, form] : outputs) file->write(form(validation));
  for (const auto& [file, form] : outputs) file->commit();
  if (!arguments.quiet) write_standard_output(validation_text(validation, terminal_width()));
  int status = kFine;
  for (const Claim& verdict : validation.verdicts) {
    if (verdict.holds) continue;
    fmt::print(stderr, "copypath: validation failed: {}: {}\n", verdict.text, verdict.outcome);
    status = kFailedExpectation;
  }
  return status;
}

}  // namespace

const Command kValidate{"validate", "SCENARIO...",
                        "the model against real system calls: predicted, measured, verdict",
                        validate_command};

}  // namespace copypath
