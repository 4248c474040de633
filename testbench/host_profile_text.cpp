// A host profile as a scenario file: its keys by section, behind each how sure it is and from what
// it follows.
#include <fmt/format.h>

#include <algorithm>

#include "testbench/host_profile.h"

namespace copypath {

std::string profile_text(const std::vector<ProfileKey>& keys, const native::HostFacts& facts) {
  std::string text = fmt::format(
      "# This machine, as `copypath calibrate` has measured it: Linux {}, {} processors.\n"
      "# Behind each value: how sure it is (by the spread of the batches: sure below 5 %, fair "
      "below\n"
      "# 15 %, rough above), and from which primitives it follows.\n",
      facts.kernel, facts.processors);
  std::vector<ProfileKey> sorted = keys;
  const auto section = [](const ProfileKey& key) { return key.key.substr(0, key.key.find('.')); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const ProfileKey& a, const ProfileKey& b) {
    return section(a) < section(b);
  });
  std::string current;
  for (const ProfileKey& key : sorted) {
    if (section(key) != current) {
      current = section(key);
      text += fmt::format("\n[{}]\n", current);
    }
    const std::string line = key.key.substr(current.size() + 1) + " = " + key.value;
    text += fmt::format("{:<30} # {}: {}\n", line, key.sureness, key.how);
  }
  return text;
}

}  // namespace copypath
