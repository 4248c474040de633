#include "testbench/advice.h"

#include <algorithm>

#include <fmt/format.h>

#include "models/paths/path.h"
#include "testbench/figures.h"
#include "testbench/quantity.h"

namespace copypath {

namespace {

double metric(const Result& result, const char* name) { return result.value(name).value_or(0); }

/// a / b - 1, where nothing is as much as nothing.
double gain(double a, double b) { return b == 0 ? 0 : a / b - 1; }

/// Whether somebody else's writes to the file reach the peer: bytes went from
/// the page cache itself to the NIC, or to a receiver on the same machine,
/// after the call that sent them.
bool refers_to_file(const Result& result) {
  return std::any_of(result.movements.begin(), result.movements.end(), [](const auto& movement) {
    const bool leaves = movement.agent == "nic" || movement.name == "copy_to_receiver_page";
    return movement.from == "page cache" && leaves && movement.bytes > 0;
  });
}

/// What a program in some language gets, whose author did not choose it.
bool is_of_a_runtime(const std::string& path) {
  return path == "java_transfer_to" || path == "copy_via_buffered_stream";
}

/// Experiments with the change: the path in use, and those that only the change
/// allows.
std::vector<Experiment> experiments_with(const Change& change, const Config& config,
                                         const std::string& use) {
  const Config other = changed(config, change);
  std::vector<Experiment> found{{other, use, change.what + ", " + use}};
  for (const Path* path : paths()) {
    const std::string name = path->name;
    if (is_of_a_runtime(name)) continue;
    if (objection(name, config).empty() || !objection(name, other).empty()) continue;
    found.push_back({other, name, change.what + ", " + name});
  }
  return found;
}

void try_changes(const Config& config, const RunExperiments& run, Advice& advice) {
  const Result& now = advice.results[advice.use];
  std::vector<Experiment> experiments;
  std::vector<std::pair<Change, std::size_t>> tried;  // and how many experiments
  for (const Change& change : candidate_changes(config)) {
    Config other = changed(config, change);
    other.paths = {now.path};
    const std::string rule = broken_rule(other);
    if (!rule.empty()) {
      advice.not_tried.push_back({change.what, rule});
      continue;
    }
    const auto with = experiments_with(change, config, now.path);
    experiments.insert(experiments.end(), with.begin(), with.end());
    tried.emplace_back(change, with.size());
  }
  const std::vector<Result> results = run(experiments);
  if (results.empty()) return;  // interrupted
  auto first = results.begin();
  for (const auto& [change, count] : tried) {
    std::vector<Result> group;
    for (const auto end = first + static_cast<std::ptrdiff_t>(count); first != end; ++first) {
      if (objection(*first, config).empty()) group.push_back(*first);
    }
    const auto best = winner(group);
    if (!best) continue;
    Effect effect{change, group[*best], 0, 0};
    effect.throughput_gain =
        gain(metric(effect.result, "throughput_Bps"), metric(now, "throughput_Bps"));
    effect.cpu_saving = -gain(metric(effect.result, "cpu_s_per_GB"), metric(now, "cpu_s_per_GB"));
    advice.effects.push_back(effect);
  }
}

/// What one call sends at most.
Bytes message_of(const WorkloadConfig& work) {
  const Bytes wanted = work.range == Bytes(0) ? work.file_size : work.range;
  return std::min(work.chunk, wanted);
}

/// Why a path is of no use that makes fewer copies than the other one; "" if it is of use. With
/// small messages what it does for each of them costs more than a copy.
std::string loss(const Result& result, const Result& other, const Config& config) {
  const auto change = [&](const char* name) {
    return gain(metric(result, name), metric(other, name));
  };
  const bool copies_less = change("cpu_copied_bytes") < -kTie;
  const bool is_dear = change("cpu_s_per_GB") > kTie && change("throughput_Bps") < kTie;
  if (!copies_less || !is_dear) return "";
  return fmt::format(
      "saves copies that cost less than it does with {} at a time: {} of CPU time instead of {}",
      to_text(message_of(config.workload)), figure(result, "cpu_s_per_GB"),
      figure(other, "cpu_s_per_GB"));
}

/// Takes out of the results what the base, which is one of them, is better than.
void rule_out_losses(const Config& config, const std::string& base, Advice& advice) {
  const std::vector<Result> all = std::move(advice.results);
  const auto other = std::find_if(all.begin(), all.end(),
                                  [&](const Result& result) { return result.path == base; });
  advice.results.clear();
  for (const Result& result : all) {
    const std::string reason = other == all.end() ? "" : loss(result, *other, config);
    if (reason.empty()) {
      if (result.path == base) advice.base = advice.results.size();
      advice.results.push_back(result);
    } else {
      advice.ruled_out.push_back({result.path, reason});
    }
  }
}

/// The index of the effect with the most of it, if that is worth anything.
std::optional<std::size_t> most(const std::vector<Effect>& effects, double Effect::*what) {
  const auto best =
      std::max_element(effects.begin(), effects.end(),
                       [&](const Effect& a, const Effect& b) { return a.*what < b.*what; });
  if (best == effects.end() || (*best).*what < kTie) return std::nullopt;
  return static_cast<std::size_t>(best - effects.begin());
}

}  // namespace

std::string objection(const std::string& path, const Config& config) {
  const Path& program = *find_path(path);
  const bool is_proxy = config.workload.kind == WorkloadKind::kProxy;
  if (program.reads == Reads::kOrigin && !is_proxy) {
    return "passes on what another server has, and this one has the files "
           "itself";
  }
  if (config.workload.transform == Transformation::kNone &&
      program.transform != Transformation::kNone) {
    return program.transform == Transformation::kTls ? "encrypts, which nobody has asked for"
                                                     : "compresses, which nobody has asked for";
  }
  const std::string refused = refusal(program, config);
  return refused.empty() ? "" : refused.substr(path.size() + 1);  // without the name
}

std::string objection(const Result& result, const Config& config) {
  if (!result.delivered_ok) return "does not deliver what the clients ask for";
  if (config.workload.modifier == Modifier::kUntrusted && refers_to_file(result)) {
    return "passes references to the file's pages, and what an untrusted "
           "program writes to the file "
           "after the call reaches the clients";
  }
  return "";
}

Advice advise(const Config& config, const std::vector<std::string>& names, const std::string& base,
              const RunExperiments& run) {
  Advice advice;
  std::vector<Experiment> experiments;
  for (const std::string& name : names) {
    std::string reason = objection(name, config);
    if (reason.empty() && names.size() == paths().size() && is_of_a_runtime(name)) {
      reason = "is what a language's runtime makes of the others; --path considers it";
    }
    if (reason.empty()) {
      experiments.push_back({config, name, ""});
    } else {
      advice.ruled_out.push_back({name, reason});
    }
  }
  for (const Result& result : run(experiments)) {
    const std::string reason = objection(result, config);
    if (reason.empty()) {
      advice.results.push_back(result);
    } else {
      advice.ruled_out.push_back({result.path, reason});
    }
  }
  rule_out_losses(config, base, advice);
  const auto best = winner(advice.results);
  if (!best) return advice;
  advice.use = *best;
  try_changes(config, run, advice);
  advice.next = most(advice.effects, &Effect::throughput_gain);
  if (!advice.next) advice.next = most(advice.effects, &Effect::cpu_saving);
  return advice;
}

}  // namespace copypath
