// Which paths of a scenario there are real programs for.
#pragma once

#include <string>

#include "models/platform/config.h"

namespace copypath {

/// Why no native program does what the path does in the scenario, as a clause about the path
/// ("it does not encrypt, ..."); "" if one does.
std::string not_native(const std::string& path, const Config& config);

}  // namespace copypath
