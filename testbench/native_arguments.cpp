// The command line of `native`: its options, and what they mean.
#include "testbench/native_arguments.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "testbench/key_kinds.h"
#include "testbench/quantity.h"
#include "testbench/suggest.h"

namespace copypath {

namespace po = boost::program_options;

namespace {

constexpr std::uint64_t kMostRepetitions = 10000;
constexpr Bytes kLargestWrite = kGiB;

const Choices<native::Sink> kSinks{{"discard", native::Sink::kDiscard},
                                   {"copy", native::Sink::kCopy},
                                   {"check", native::Sink::kCheck}};

po::options_description native_options() {
  po::options_description options("Options", kHelpWidth);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  add_scenario_options(options);
  options.add_options()                                                       //
      ("repeat", text("N"), "run every path N times, in turns (default: 9)")  //
      ("sink", text("discard|copy|check"),
       "what the clients do with the bytes: the kernel drops "
       "them (default), they are received, or each is compared with the file")  //
      ("write-size", text("SIZE"),
       "write the files in calls of this size, which decides how large "
       "the folios of the page cache are (default: page_cache.folio)")                    //
      ("dir", text("FOLDER"), "for the temporary files (default: $TMPDIR, or /var/tmp)")  //
      ("pace", "hold the connections to nic.rate (SO_MAX_PACING_RATE)");
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
    read_one("repeat", [&](const std::string& text) { read_repeat(text); });
    read_one("sink", [&](const std::string& text) { read_sink(text); });
    read_one("write-size", [&](const std::string& text) { read_write_size(text); });
    const char* const temporary = std::getenv("TMPDIR");
    if (temporary != nullptr && *temporary != '\0') options_.folder = temporary;
    read_one("dir", [&](const std::string& text) { options_.folder = text; });
    std::error_code ignored;
    if (!std::filesystem::is_directory(options_.folder, ignored)) {
      problems_.push_back("--dir: " + copypath::quoted(options_.folder) + " is not a folder");
    }
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

  void read_repeat(const std::string& text) {
    const std::uint64_t count = parse_count(text);
    if (count == 0 || count > kMostRepetitions) {
      throw BadValue(fmt::format("{} is out of range, accepted: 1 .. {}", count, kMostRepetitions));
    }
    options_.repeat = static_cast<unsigned>(count);
  }

  void read_sink(const std::string& text) {
    std::vector<std::string> words;
    for (const auto& [word, sink] : kSinks) {
      words.push_back(word);
      if (word != text) continue;
      options_.sink = sink;
      return;
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
  if (!problems.empty()) throw BadInput(problems);
  return true;
}

}  // namespace copypath
