// The changes of hardware or of a setting that might matter next, one at a time: what `advise`
// tries out in the model. Which of them helps is for the simulation to say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

struct Change {
  std::string what;                                           ///< "twice the memory bandwidth"
  std::vector<std::pair<std::string, std::string>> settings;  ///< keys and their values
};

/// Those that make sense for the configuration, and change it.
std::vector<Change> candidate_changes(const Config& config);

/// The configuration with the change made.
Config changed(Config config, const Change& change);

/// The first rule between keys that the configuration breaks, or "".
std::string broken_rule(const Config& config);

}  // namespace copypath
