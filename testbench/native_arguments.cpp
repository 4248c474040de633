// The command line of `native`: its options, and what they mean.
#include "testbench/native_arguments.h"

#include <fmt/format.h>

#include "testbench/key_kinds.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr Bytes kLargestWrite = kGiB;

const Choices<native::Sink> kSinks{{"discard", native::Sink::kDiscard},
                                   {"copy", native::Sink::kCopy},
                                   {"poll", native::Sink::kPoll},
                                   {"check", native::Sink::kCheck}};

const Choices<native::Wire> kWires{{"loopback", native::Wire::kLoopback},
                                   {"veth", native::Wire::kVeth}};

po::options_description native_options() {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add_scenario_options(options);
  options.add_options()                                                       //
      ("repeat", text("N"), "run every path N times, in turns (default: 9)")  //
      ("sink", text("discard|poll|copy|check"),
       "what the clients do with the bytes: the kernel drops them, they are received, or each is "
       "compared with the file (default: workload.sink)")  //
      ("write-size", text("SIZE"),
       "write the files in calls of this size, which decides how large "
       "the folios of the page cache are (default: page_cache.folio)")                    //
      ("dir", text("FOLDER"), "for the temporary files (default: $TMPDIR, or /var/tmp)")  //
      ("link", text("loopback|veth"),
       "what connects server and clients: 127.0.0.1 (default), or two virtual Ethernet devices in "
       "network namespaces of the run's own, which can do what nic.* says (takes root's rights)")  //
      ("evidence",
       "watch one more run of each path in the kernel, to see which memory is behind "
       "each byte that it sends (BPF probes; takes root's rights)")  //
      ("pace", "hold the connections to nic.rate (SO_MAX_PACING_RATE; on veth, tbf)");
  return options;
}

std::string notes() {
  std::string text = "Paths:\n";
  for (const native::Path* path : native::paths()) {
    text += fmt::format("  {:<25} {}\n", path->name, path->summary);
  }
  return text;
}

class Reader {
public:
  Reader(const CommandLine& line, native::Options& options, Problems& problems)
      : line_(line), options_(options), problems_(problems) {}

  void read() {
    read_repetitions(line_, "repeat", options_.repeat, problems_);
    read_one("sink", [&](const std::string& text) { options_.sink = chosen(text, kSinks); });
    read_one("link", [&](const std::string& text) { options_.wire = chosen(text, kWires); });
    read_one("write-size", [&](const std::string& text) { read_write_size(text); });
    read_folder(line_, options_.folder, problems_);
    options_.evidence = line_.options.count("evidence") != 0;
    options_.pace = line_.options.count("pace") != 0;
  }

private:
  template <typename Function>
  void read_one(const std::string& option, Function function) {
    if (line_.options.count(option) == 0) return;
    try {
      function(text_of(line_, option.c_str()));
    } catch (const BadValue& error) {
      problems_.push_back(fmt::format("--{}: {}", option, error.what()));
    }
  }

  /// The value of the word; throws BadValue with what is accepted.
  template <typename Value>
  static Value chosen(const std::string& text, const Choices<Value>& choices) {
    std::vector<std::string> words;
    for (const auto& [word, value] : choices) {
      if (word == text) return value;
      words.push_back(word);
    }
    throw BadValue(quoted(text) + " is unknown, accepted: " + listed(words) +
                   did_you_mean(text, words));
  }

  void read_write_size(const std::string& text) {
    const Bytes size = parse_bytes(text);
    if (size < kPageSize || size > kLargestWrite || size % kPageSize != Bytes(0)) {
      throw BadValue(fmt::format("{} is out of range, accepted: multiples of {} up to {}",
                                 quoted(text), to_text(kPageSize), to_text(kLargestWrite)));
    }
    options_.write_size = size;
  }

  const CommandLine& line_;
  native::Options& options_;
  Problems& problems_;
};

}  // namespace

std::vector<std::string> native_path_names() {
  std::vector<std::string> names;
  for (const native::Path* path : native::paths()) names.emplace_back(path->name);
  return names;
}

bool parse_native_arguments(const Command& command, const Arguments& arguments,
                            NativeArguments& native) {
  CommandLine line;
  if (!parse(command, native_options(), arguments, notes(), line)) return false;
  Problems problems;
  read_scenario_arguments(command, line, native_path_names(), native, problems);
  Reader(line, native.options, problems).read();
  native.sink_is_given = line.options.count("sink") != 0;
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

}  // namespace copypath
