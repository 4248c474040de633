// What the same path is on other systems and in other languages: the call, its limits, and what it
// falls back to. For `copypath explain`; nothing is simulated from it.
#pragma once

#include <string>
#include <vector>

namespace copypath {

struct Elsewhere {
  const char* where;  ///< system or language
  const char* call;   ///< how it is written there
  const char* notes;  ///< limits and fall-backs
};

/// The entries for the path of that name, in the order in which they are printed.
std::vector<Elsewhere> elsewhere(const std::string& path);

}  // namespace copypath
