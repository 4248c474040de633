// The files that a run writes. All of them are reserved before the first simulation starts.
#include "testbench/run_outputs.h"

#include <fmt/format.h>

#include <algorithm>
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

std::string name_for_path(const std::string& file, const std::string& path,
                          const std::string& extension) {
  const std::filesystem::path name(file);
  std::error_code ignored;
  const bool is_device =
      std::filesystem::is_other(name, ignored) || std::filesystem::is_directory(name, ignored);
  if (is_device) return file;
  const bool has_extension = name.extension() == extension;
  const std::string stem = has_extension ? file.substr(0, file.size() - extension.size()) : file;
  return fmt::format("{}.{}{}", stem, path, extension);
}

RunOutputs::RunOutputs(const OutputNames& names, const std::vector<std::string>& paths,
                       const std::vector<std::string>& inputs) {
  std::vector<std::string> targets = {names.json, names.trace, names.capture};
  check_distinct(targets, inputs);
  if (!names.json.empty()) json_ = std::make_unique<OutputFile>(names.json);
  targets.clear();
  if (json_) targets.push_back(names.json);
  const auto reserve = [&](const std::string& name, const char* extension, Files& files) {
    if (name.empty()) return;
    const std::size_t others = targets.size();
    for (const std::string& path : paths) {
      const std::string target = paths.size() == 1 ? name : name_for_path(name, path, extension);
      targets.resize(others);  // those of one kind may share a device
      targets.push_back(target);
      check_distinct(targets, inputs);
      files.push_back(std::make_unique<OutputFile>(target, extension));
    }
    targets.resize(others);
    for (const auto& file : files) targets.push_back(file->target());
  };
  reserve(names.trace, ".vcd", traces_);
  // Only those of the traces that are not one and the same device.
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  reserve(names.capture, ".pcap", captures_);
}

void RunOutputs::set_files(std::size_t index, Simulation& simulation) const {
  if (!traces_.empty()) {
    simulation.options.trace_file = traces_.at(index)->path();
    simulation.trace_name = traces_.at(index)->target();
  }
  if (!captures_.empty()) {
    simulation.options.capture_file = captures_.at(index)->path();
    simulation.capture_name = captures_.at(index)->target();
  }
}

void RunOutputs::write_json(const std::string& text) {
  if (json_) json_->write(text);
}

void RunOutputs::commit() {
  // What may fail for lack of room comes first, so that nothing has been replaced if it does.
  for (const bool replaceable : {false, true}) {
    for (const Files* files : {&traces_, &captures_}) {
      for (const auto& file : *files) {
        if (file->is_replaceable() == replaceable) file->commit();
      }
    }
    if (json_ && json_->is_replaceable() == replaceable) json_->commit();
  }
}

void RunOutputs::commit_path(std::size_t index) {
  for (const Files* files : {&traces_, &captures_}) {
    if (!files->empty()) files->at(index)->commit();
  }
}

void RunOutputs::discard() {
  for (const Files* files : {&traces_, &captures_}) {
    for (const auto& file : *files) file->discard();
  }
  if (json_) json_->discard();
}

}  // namespace copypath
