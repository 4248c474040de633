// Machines made of keys and values, as with --set: chosen at random, with the rules that they
// break, and what holds whatever they are.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "models/ledger/result.h"
#include "testbench/keys.h"
#include "testbench/rules.h"

namespace copypath {

using Settings = std::vector<std::pair<std::string, std::string>>;

inline std::string text_of(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : settings) text += fmt::format("--set {}={} ", key, value);
  return text;
}

/// The first rule that the configuration breaks, or "".
inline std::string broken_rule(const Config& config) {
  for (const Rule& rule : rules()) {
    const std::string problem = rule.problem(config);
    if (!problem.empty()) return problem;
  }
  return "";
}

inline Config configured(const Settings& settings) {
  Config config;
  for (const auto& [key, value] : settings) find_key(key)->set(config, value);
  return config;
}

struct Choice {
  const char* key;
  std::vector<const char*> values;
};

inline Settings chosen(const std::vector<Choice>& choices, std::mt19937& random) {
  Settings settings;
  for (const Choice& choice : choices) {
    settings.emplace_back(choice.key, choice.values[random() % choice.values.size()]);
  }
  return settings;
}

/// Nothing is used for longer than the run takes.
inline void expect_shares(const Result& result) {
  for (const auto& [name, value] : result.values) {
    if (name.find("utilisation") == std::string::npos) continue;
    EXPECT_GE(value, 0) << result.path << " " << name;
    EXPECT_LE(value, 1) << result.path << " " << name;
  }
}

}  // namespace copypath
