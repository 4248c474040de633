// `copypath calibrate`: measures what paths are made of on this machine, and writes a host profile.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "models/platform/simulate.h"
#include "testbench/command.h"
#include "testbench/figures.h"
#include "testbench/host_profile.h"
#include "testbench/output.h"
#include "testbench/progress.h"
#include "testbench/run_outputs.h"
#include "testbench/scenario_arguments.h"
#include "testbench/signals.h"
#include "testbench/table.h"

namespace copypath {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

constexpr int kInterruptStatus = 128;

struct CalibrateArguments {
  std::string folder = "/var/tmp";
  unsigned rounds = 32;
  std::string profile;
  std::string json;
  bool quiet = false;
};

bool parse_arguments(const Arguments& words, CalibrateArguments& arguments) {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                                   //
      ("output,o", text("FILE.ini"), "write the host profile")                            //
      ("json", text("FILE"), "write what was measured, with its spread")                  //
      ("rounds", text("N"), "measure each N times, in turns (default: 32)")               //
      ("dir", text("FOLDER"), "for the temporary files (default: $TMPDIR, or /var/tmp)")  //
      ("quiet", "print nothing");
  CommandLine line;
  if (!parse(kCalibrate, options, words, "", line)) return false;
  Problems problems;
  read_file_name(line, "output", arguments.profile, problems);
  read_file_name(line, "json", arguments.json, problems);
  arguments.quiet = line.options.count("quiet") != 0;
  read_folder(line, arguments.folder, problems);
  read_repetitions(line, "rounds", arguments.rounds, problems);
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

std::string figure_of(double value, const std::string& unit) {
  if (unit.empty()) return figure(value, Unit::kRatio);
  if (unit == "byte") return figure(1 / value, Unit::kBytesPerSecond);
  return figure(value, Unit::kSeconds) + " per " + unit;
}

std::string report_text(const std::vector<native::Measured>& measured,
                        const std::vector<ProfileKey>& keys, unsigned rounds) {
  Table primitives;
  primitives.uniform = false;
  primitives.columns = {"least", "median", "varies"};
  primitives.heading(fmt::format("Primitives, {} batches each", rounds));
  std::string missing;
  for (const native::Measured& one : measured) {
    if (!one.missing.empty()) {
      missing += fmt::format("not measured: {}: {}\n", one.name, one.missing);
      continue;
    }
    primitives.row(one.name,
                   {figure_of(one.spread.least, one.unit), figure_of(one.spread.median, one.unit),
                    percent(one.spread.variation)});
  }
  Table profile;
  profile.uniform = false;
  profile.columns = {"value", "is"};
  profile.heading("Host profile");
  for (const ProfileKey& key : keys) profile.row(key.key, {key.value, key.sureness});
  const std::size_t width = terminal_width();
  return render(primitives, width) + missing + "\n" + render(profile, width);
}

std::string json_text(const std::vector<native::Measured>& measured,
                      const std::vector<ProfileKey>& keys, const native::HostFacts& facts,
                      unsigned rounds) {
  Json primitives = Json::array();
  for (const native::Measured& one : measured) {
    Json json{{"name", one.name}, {"per", one.unit}, {"how", one.how}};
    if (one.missing.empty()) {
      json.update({{"min_s", one.spread.least},
                   {"median_s", one.spread.median},
                   {"variation", one.spread.variation}});
    } else {
      json["missing"] = one.missing;
    }
    primitives.push_back(json);
  }
  Json profile = Json::array();
  for (const ProfileKey& key : keys) {
    profile.push_back(
        {{"key", key.key}, {"value", key.value}, {"sureness", key.sureness}, {"how", key.how}});
  }
  return Json{{"kernel", facts.kernel},
              {"processors", facts.processors},
              {"rounds", rounds},
              {"primitives", primitives},
              {"profile", profile}}
             .dump(2) +
         "\n";
}

int calibrate_command(const Arguments& words) {
  CalibrateArguments arguments;
  if (!parse_arguments(words, arguments)) return kFine;
  const SignalGuard guard;
  check_distinct({arguments.profile, arguments.json}, {});
  std::vector<std::unique_ptr<OutputFile>> files;
  const auto reserve = [&](const std::string& name) -> OutputFile* {
    if (name.empty()) return nullptr;
    files.push_back(std::make_unique<OutputFile>(name));
    return files.back().get();
  };
  OutputFile* const profile = reserve(arguments.profile);
  OutputFile* const json = reserve(arguments.json);
  std::vector<native::Measured> measured;
  {
    ProgressLine progress({"calibrating"}, !arguments.quiet);
    try {
      native::Calibration calibration(arguments.folder);
      for (unsigned round = 0; round < arguments.rounds; ++round) {
        calibration.round([&](double share) {
          if (interrupt_count() > 0) throw Interrupted();
          progress.update(0, (round + share) / arguments.rounds);
        });
      }
      measured = calibration.measured();
    } catch (const Interrupted&) {
      fmt::print(stderr, "copypath: interrupted\n");
      return kInterruptStatus + interrupt_signal();
    }
  }
  const native::HostFacts facts = native::host_facts(arguments.folder);
  const std::vector<ProfileKey> keys = host_profile(measured, facts);
  if (profile != nullptr) profile->write(profile_text(keys, facts));
  if (json != nullptr) json->write(json_text(measured, keys, facts, arguments.rounds));
  for (const auto& file : files) file->commit();
  if (!arguments.quiet) {
    write_standard_output(report_text(measured, keys, arguments.rounds));
  }
  return kFine;
}

}  // namespace

const Command kCalibrate{"calibrate", "",
                         "measures this machine piece by piece, and writes a host profile",
                         calibrate_command};

}  // namespace copypath
