// The layers are applied key by key, so that a later one wins; the rules between keys are checked
// on what results.
#include "testbench/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

#include "models/paths/path.h"
#include "testbench/key_kinds.h"
#include "testbench/keys.h"
#include "testbench/quantity.h"
#include "testbench/request_csv.h"
#include "testbench/rules.h"

namespace copypath {
namespace {

std::vector<std::string> names_of(const std::vector<const Path*>& paths) {
  std::vector<std::string> names;
  for (const Path* path : paths) names.emplace_back(path->name);
  return names;
}

namespace fs = std::filesystem;

/// What a list of requests says in the place of keys.
const std::vector<std::string>& list_keys() {
  static const std::vector<std::string> kKeys{
      "workload.clients",  "workload.files", "workload.file_size", "workload.file",
      "workload.requests", "workload.range", "workload.order"};
  return kKeys;
}

/// Who wins: the later one.
enum class Layer { kHost, kScenario, kCommandLine };

const Setting* find_setting(const std::vector<Setting>& settings, const std::string& key) {
  for (const Setting& setting : settings) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

/// A file in a message: in full, however long it is.
std::string named(const fs::path& file) { return "'" + file.string() + "'"; }

class Loader {
public:
  Loader(std::string file, std::string shipped_folder)
      : folder_(fs::path(file).parent_path()), shipped_folder_(std::move(shipped_folder)) {
    scenario_.file = std::move(file);
  }

  Scenario load(const std::vector<Override>& overrides) {
    const std::vector<Setting> command_line = read_overrides(overrides, problems_);
    const auto text = read_text(scenario_.file, problems_);
    if (!text) throw BadInput(problems_);
    const auto settings = read_settings(*text, scenario_.file, problems_);
    apply_host(settings, command_line);
    apply(settings, Layer::kScenario);
    std::vector<std::string> known_paths = scenario_.config.paths;
    if (all_paths()) known_paths = names_of(paths());
    apply(command_line, Layer::kCommandLine);
    if (all_paths()) take_all_paths();
    for (const std::string& path : scenario_.config.paths) {
      const bool known =
          std::find(known_paths.begin(), known_paths.end(), path) != known_paths.end();
      if (!known) known_paths.push_back(path);
    }
    apply_file();
    apply_list();
    check_rules();
    add_expectations(settings, command_line, known_paths);
    if (problems_.empty()) return scenario_;
    std::stable_sort(problems_.begin(), problems_.end(),
                     [this](const auto& a, const auto& b) { return line_of(a) < line_of(b); });
    throw BadInput(problems_);
  }

private:
  bool all_paths() const { return scenario_.config.paths == std::vector<std::string>{kAllPaths}; }

  void take_all_paths() {
    scenario_.config.paths.clear();
    for (const Path* path : paths()) {
      const std::string reason = refusal(*path, scenario_.config);
      if (reason.empty()) {
        scenario_.config.paths.emplace_back(path->name);
      } else {
        scenario_.left_out.push_back(reason);
      }
    }
  }

  /// The line of the scenario file that a problem is about; 0 if it is about something else.
  unsigned long line_of(const std::string& problem) const {
    const std::string start = scenario_.file + ":";
    if (problem.compare(0, start.size(), start) != 0) return 0;
    return std::strtoul(problem.c_str() + start.size(), nullptr, 10);
  }

  /// The last setting of a key, and the layer that it is from.
  struct Source {
    Setting setting;
    Layer layer = Layer::kScenario;
  };

  void problem(const Setting& setting, const std::string& what) {
    problems_.push_back(setting.origin + ": " + setting.key + ": " + what);
    bad_keys_.insert(setting.key);
  }

  void apply(const std::vector<Setting>& settings, Layer layer) {
    for (const Setting& setting : settings) {
      if (is_expectation(setting)) continue;
      if (layer == Layer::kHost && !is_host_key(setting.key)) {
        problem(setting, "does not belong in a host profile, accepted: the keys of " +
                             listed(host_sections()));
        continue;
      }
      try {
        find_key(setting.key)->set(scenario_.config, setting.value);
        sources_[setting.key] = {setting, layer};
      } catch (const BadValue& bad) {
        problem(setting, bad.what());
      }
    }
  }

  /// What a machine is asked to do is no property of the machine.
  static bool is_about_work(const std::string& section) {
    return section == "workload" || section == "web" || section == "broker";
  }

  static std::vector<std::string> host_sections() {
    std::vector<std::string> found = sections();
    found.erase(std::remove_if(found.begin(), found.end(), is_about_work), found.end());
    return found;
  }

  static bool is_host_key(const std::string& name) {
    const std::string section = find_key(name)->section();
    return !section.empty() && !is_about_work(section);
  }

  void apply_host(const std::vector<Setting>& settings, const std::vector<Setting>& command_line) {
    const Setting* wanted = find_setting(command_line, "host");
    std::vector<fs::path> folders{folder_, shipped_folder_};
    if (wanted != nullptr) {
      folders.insert(folders.begin(), fs::path());
    } else {
      wanted = find_setting(settings, "host");
    }
    if (wanted == nullptr || wanted->value == find_key("host")->zero_word) return;
    for (const fs::path& folder : folders) {
      const fs::path file = folder / wanted->value;
      std::error_code error;
      if (!fs::exists(file, error)) continue;
      const auto text = read_text(file.string(), problems_);
      if (!text) return;
      const auto host_settings = read_settings(*text, file.string(), problems_);
      for (const Setting& setting : host_settings) {
        if (is_expectation(setting)) problem(setting, "does not belong in a host profile");
      }
      apply(host_settings, Layer::kHost);
      scenario_.host = file.string();
      return;
    }
    std::vector<std::string> looked_in;
    for (const fs::path& folder : folders) {
      looked_in.push_back(named(folder.empty() ? "." : folder));
    }
    problem(*wanted, "no host profile " + named(wanted->value) + " in " + listed(looked_in));
  }

  /// Makes workload.file absolute, and takes the size from it.
  void apply_file() {
    WorkloadConfig& workload = scenario_.config.workload;
    const auto source = sources_.find("workload.file");
    if (source == sources_.end() || workload.file.empty()) return;
    const auto& [setting, layer] = source->second;
    std::error_code error;
    fs::path file =
        layer == Layer::kCommandLine ? fs::path(workload.file) : folder_ / workload.file;
    file = fs::absolute(file, error).lexically_normal();
    const fs::file_status status = fs::status(file, error);
    const auto size_source = sources_.find("workload.file_size");
    // A later file replaces a size; a size beside or after a file contradicts it.
    if (size_source != sources_.end() && size_source->second.layer >= layer) {
      problem(size_source->second.setting, "is set, but so is workload.file at " + setting.origin +
                                               ", accepted: one of the two");
    }
    if (status.type() == fs::file_type::not_found) {
      problem(setting, named(file) + " does not exist");
    } else if (fs::is_directory(status)) {
      problem(setting, named(file) + " is a directory, accepted: a regular file");
    } else if (!fs::is_regular_file(status)) {
      problem(setting, named(file) + " is not a regular file");
    } else if (!std::ifstream(file, std::ios::binary)) {
      problem(setting, named(file) + " cannot be read");
    } else if (!is_text(file.string(), false) || file.string().find('#') != std::string::npos) {
      // It could not be dumped; and a name that is no text would damage the terminal.
      problem(setting, "the full name of the file has a '#' or is not plain text");
    } else {
      workload.file = file.string();
      workload.file_size = Bytes(fs::file_size(file, error));
      if (sources_.count("workload.data") == 0) workload.data = Data::kBytes;
    }
  }

  /// Reads workload.list, which says how many clients and files there are, and how large these are.
  void apply_list() {
    WorkloadConfig& workload = scenario_.config.workload;
    const auto source = sources_.find("workload.list");
    if (source == sources_.end() || workload.list.empty()) return;
    const auto& [setting, layer] = source->second;
    for (const std::string& key : list_keys()) {
      const auto other = sources_.find(key);
      if (other == sources_.end()) continue;
      problem(other->second.setting,
              "is set, but the list at " + setting.origin + " says it, accepted: one of the two");
    }
    std::error_code error;
    fs::path file =
        layer == Layer::kCommandLine ? fs::path(workload.list) : folder_ / workload.list;
    file = fs::absolute(file, error).lexically_normal();
    if (!is_text(file.string(), false) || file.string().find('#') != std::string::npos) {
      problem(setting, "the full name of the file has a '#' or is not plain text");
      return;
    }
    // Rows are named as the user names the file.
    const fs::path shown =
        layer == Layer::kCommandLine ? fs::path(workload.list) : folder_ / workload.list;
    const auto text = read_text(shown.string(), problems_);
    if (text) workload.listed = read_request_list(*text, shown.string(), problems_);
    workload.list = file.string();
    if (!workload.listed) {
      bad_keys_.insert(setting.key);
      return;
    }
    const RequestList& list = *workload.listed;
    workload.clients = static_cast<unsigned>(list.clients.size());
    workload.files = 0;
    workload.file_size = *std::max_element(list.file_sizes.begin(), list.file_sizes.end());
    std::size_t most = 0;
    for (const auto& requests : list.clients) most = std::max(most, requests.size());
    workload.requests = static_cast<unsigned>(most);
  }

  void check_rules() {
    for (const Rule& rule : rules()) {
      const Source* latest = nullptr;
      bool usable = true;
      for (const std::string& key : rule.keys) {
        usable = usable && bad_keys_.count(key) == 0;
        const auto source = sources_.find(key);
        if (source == sources_.end()) continue;
        if (latest == nullptr || source->second.layer > latest->layer) latest = &source->second;
      }
      const std::string what = usable ? rule.problem(scenario_.config) : "";
      if (what.empty()) continue;
      // At the place that broke it, under the name of the key that is wrong.
      const std::string origin = latest == nullptr ? scenario_.file : latest->setting.origin;
      problems_.push_back(origin + ": " + rule.keys.front() + ": " + what);
    }
  }

  void add_expectations(const std::vector<Setting>& settings,
                        const std::vector<Setting>& command_line,
                        std::vector<std::string> known_paths) {
    if (bad_keys_.count("path") != 0) {  // which paths are meant is not known
      known_paths = names_of(paths());
    }
    std::vector<Setting> wanted;
    for (const Setting& setting : settings) {
      if (is_expectation(setting) && find_setting(command_line, setting.key) == nullptr) {
        wanted.push_back(setting);
      }
    }
    std::copy_if(command_line.begin(), command_line.end(), std::back_inserter(wanted),
                 is_expectation);
    for (const Setting& setting : wanted) {
      Problems problems;
      auto expectation = parse_expectation(setting.key.substr(kExpectPrefix.size()), setting.value,
                                           known_paths, problems);
      for (const std::string& what : problems) problem(setting, what);
      if (!expectation) continue;
      expectation->origin = setting.origin;
      scenario_.expectations.push_back(*expectation);
    }
  }

  Scenario scenario_;
  fs::path folder_;
  fs::path shipped_folder_;
  Problems problems_;
  std::map<std::string, Source> sources_;
  std::set<std::string> bad_keys_;
};

/// A file name cannot end the comment that it stands in.
std::string on_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

}  // namespace

BadInput::BadInput(Problems problems)
    : std::runtime_error(fmt::format("{}", fmt::join(problems, "\n"))),
      problems_(std::move(problems)) {}

Scenario load_scenario(const std::string& file, const std::vector<Override>& overrides,
                       const std::string& shipped_folder) {
  return Loader(file, shipped_folder).load(overrides);
}

std::vector<std::string> inputs_of(const Scenario& scenario) {
  const WorkloadConfig& workload = scenario.config.workload;
  return {scenario.file, scenario.host, workload.file, workload.list};
}

void require_paths(const Scenario& scenario) {
  if (!scenario.config.paths.empty()) return;
  Problems problems{scenario.file + ": path: none of all paths can be run"};
  for (const std::string& reason : scenario.left_out) {
    problems.push_back(scenario.file + ": path: " + reason);
  }
  throw BadInput(problems);
}

std::string dump(const Scenario& scenario) {
  const Config& config = scenario.config;
  std::string text = "# The effective configuration of " + on_one_line(scenario.file) + "\n";
  if (!config.host.empty()) text += "# with the host profile " + on_one_line(config.host) + "\n";
  std::string section;
  for (const Key& key : keys()) {
    if (key.section() != section) {
      section = key.section();
      text += "\n[" + section + "]\n";
    }
    // What the profile sets is written out below, and what a file sets follows from the file.
    if (key.name == "host") continue;
    if (key.name == "workload.file_size" && !config.workload.file.empty()) continue;
    if (!config.workload.list.empty() &&
        std::count(list_keys().begin(), list_keys().end(), key.name) != 0) {
      continue;
    }
    const std::string name = section.empty() ? key.name : key.name.substr(section.size() + 1);
    text += fmt::format("# {}", key.help);
    if (!key.accepted.empty()) text += fmt::format(" ({})", key.accepted);
    text += fmt::format("\n{} = {}\n", name, key.get(config));
  }
  if (scenario.expectations.empty()) return text;
  text += "\n[expect]\n";
  for (const Expectation& expectation : scenario.expectations) {
    const auto missing = [&](const std::string& path) {
      return std::find(config.paths.begin(), config.paths.end(), path) == config.paths.end();
    };
    const std::vector<std::string> paths = paths_of(expectation);
    if (std::any_of(paths.begin(), paths.end(), missing)) text += "# not run: ";
    text += expectation.key + " = " + expectation.value + "\n";
  }
  return text;
}

}  // namespace copypath
