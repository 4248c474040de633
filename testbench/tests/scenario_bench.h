// A folder with scenario files in it, for tests of the loader: writes them, loads them, and says
// what is wrong with them, without the name of the folder.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "models/paths/path.h"
#include "testbench/key_kinds.h"
#include "testbench/keys.h"
#include "testbench/scenario.h"

namespace copypath {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

class ScenarioTest : public testing::Test {
protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "copypath-scenario-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directories(fs::path(folder_) / "shipped/hosts");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }

  Scenario load(const std::string& text, const std::vector<Override>& overrides = {}) const {
    return load_scenario(write("a.ini", text), overrides, at("shipped"));
  }

  Lines problems_of_file(const std::string& file,
                         const std::vector<Override>& overrides = {}) const {
    try {
      load_scenario(file, overrides, at("shipped"));
    } catch (const BadInput& bad) {
      Lines problems = bad.problems();
      for (std::string& problem : problems) {
        for (auto found = problem.find(folder_ + "/"); found != std::string::npos;
             found = problem.find(folder_ + "/")) {
          problem.erase(found, folder_.size() + 1);
        }
      }
      return problems;
    }
    return {};
  }

  Lines problems(const std::string& text, const std::vector<Override>& overrides = {}) const {
    return problems_of_file(write("a.ini", text), overrides);
  }

  std::string folder_;
};

inline std::string path_names() {
  std::vector<std::string> names;
  for (const Path* path : paths()) names.push_back(path->name);
  return listed(names);
}

/// Every field as text.
inline Lines values_of(const Config& config) {
  Lines values;
  for (const Key& key : keys()) {
    if (key.name != "host") values.push_back(key.name + " = " + key.get(config));
  }
  return values;
}

}  // namespace copypath
