// The files that a run writes. All of them are reserved before the first simulation starts.
#include "testbench/run_outputs.h"

#include <fmt/format.h>

#include <filesystem>

namespace copypath {

void check_distinct(const std::vector<std::string>& targets,
                    const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (const std::string& input : inputs) {
      if (same_file(targets[i], input)) {
        throw OutputError(fmt::format("cannot write {}: it is an input of this run", targets[i]));
      }
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (same_file(targets[i], targets[j])) {
        throw OutputError(fmt::format("cannot write {}: it is named for two outputs", targets[i]));
      }
    }
  }
}

std::string trace_name(const std::string& trace, const std::string& path) {
  const std::filesystem::path file(trace);
  std::error_code ignored;
  const bool is_device =
      std::filesystem::is_other(file, ignored) || std::filesystem::is_directory(file, ignored);
  if (is_device) return trace;
  const bool has_extension = file.extension() == ".vcd";
  const std::string stem = has_extension ? trace.substr(0, trace.size() - 4) : trace;
  return fmt::format("{}.{}.vcd", stem, path);
}

RunOutputs::RunOutputs(const std::string& json, const std::string& trace,
                       const std::vector<std::string>& paths,
                       const std::vector<std::string>& inputs) {
  std::vector<std::string> targets;
  if (!json.empty()) targets.push_back(json);
  if (!trace.empty()) targets.push_back(trace);
  check_distinct(targets, inputs);
  if (!json.empty()) json_ = std::make_unique<OutputFile>(json);
  if (trace.empty()) return;
  for (const std::string& path : paths) {
    const std::string target = paths.size() == 1 ? trace : trace_name(trace, path);
    if (!json.empty()) check_distinct({json, target}, inputs);
    traces_.push_back(std::make_unique<OutputFile>(target, ".vcd"));
  }
}

void RunOutputs::set_trace(std::size_t index, Simulation& simulation) const {
  if (traces_.empty()) return;
  simulation.options.trace_file = traces_.at(index)->path();
  simulation.trace_name = traces_.at(index)->target();
}

void RunOutputs::write_json(const std::string& text) {
  if (json_) json_->write(text);
}

void RunOutputs::commit() {
  // What may fail for lack of room comes first, so that nothing has been replaced if it does.
  for (const bool replaceable : {false, true}) {
    for (const auto& trace : traces_) {
      if (trace->is_replaceable() == replaceable) trace->commit();
    }
    if (json_ && json_->is_replaceable() == replaceable) json_->commit();
  }
}

void RunOutputs::commit_trace(std::size_t index) {
  if (!traces_.empty()) traces_.at(index)->commit();
}

void RunOutputs::discard() {
  for (const auto& trace : traces_) trace->discard();
  if (json_) json_->discard();
}

}  // namespace copypath
