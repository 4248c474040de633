// How keys are found by their names, and the table of them for people: `copypath keys`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "testbench/key_kinds.h"
#include "testbench/keys.h"

namespace copypath {
namespace {

std::string last_part(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

}  // namespace

const Key* find_key(const std::string& name) {
  for (const Key& key : keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

const std::vector<std::string>& sections() {
  static const std::vector<std::string> kSections = [] {
    std::vector<std::string> found;
    for (const Key& key : keys()) {
      const std::string section = key.section();
      if (!section.empty() && (found.empty() || found.back() != section)) found.push_back(section);
    }
    return found;
  }();
  return kSections;
}

std::string suggest_key(const std::string& name) {
  std::vector<std::string> names;
  for (const Key& key : keys()) names.push_back(key.name);
  const std::string near = did_you_mean(name, names);
  if (!near.empty()) return near;
  for (const std::string& candidate : names) {
    if (last_part(candidate) == last_part(name)) return " (did you mean '" + candidate + "'?)";
  }
  return "";
}

std::string keys_as_text() {
  std::array<std::size_t, 4> width{3, 4, 7, 8};
  for (const Key& key : keys()) {
    width[0] = std::max(width[0], key.name.size());
    width[1] = std::max(width[1], key.type.size());
    width[2] = std::max(width[2], key.default_text().size());
    width[3] = std::max(width[3], key.accepted.size());
  }
  const auto row = [&](const std::string& name, const std::string& type, const std::string& initial,
                       const std::string& accepted, const std::string& help) {
    return fmt::format("{:{}}  {:{}}  {:{}}  {:{}}  {}\n", name, width[0], type, width[1], initial,
                       width[2], accepted, width[3], help);
  };
  std::string text = row("key", "type", "default", "accepted", "meaning [source of the default]");
  std::string section;
  for (const Key& key : keys()) {
    if (key.section() != section) text += "\n";
    section = key.section();
    text += row(key.name, key.type, key.default_text(), key.accepted,
                key.help + " [" + key.source + "]");
  }
  text +=
      "\nsize:  B, kB, MB, GB, TB, PB (powers of ten), KiB, MiB, GiB, TiB, PiB (powers of two)\n"
      "rate:  a size per second (GB/s, MiB/s), or bps, kbps, Mbps, Gbps, Tbps\n"
      "time:  ps, ns, us, ms, s\n"
      "ratio: 0.75 or 75%\n";
  return text;
}

std::string keys_as_markdown() {
  std::string text;
  std::string section = "none yet";
  for (const Key& key : keys()) {
    if (key.section() != section) {
      section = key.section();
      text += fmt::format("{}### {}\n\n", text.empty() ? "" : "\n",
                          section.empty() ? "Top level" : "`[" + section + "]`");
      text += "| key | type | default | accepted | meaning | source of the default |\n";
      text += "|---|---|---|---|---|---|\n";
    }
    text += fmt::format("| `{}` | {} | `{}` | {} | {} | {} |\n", key.name, key.type,
                        key.default_text(), key.accepted, key.help, key.source);
  }
  return text;
}

}  // namespace copypath
