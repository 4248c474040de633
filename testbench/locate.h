// Finds the files that ship with the program, wherever it has been built, installed or moved.
#pragma once

#include <string>

namespace copypath {

/// The folder of the shipped scenarios and host profiles: ../share/copypath/scenarios beside an
/// installed program, else scenarios/ of the source tree it was built from. No slash at the end.
std::string shipped_folder();

}  // namespace copypath
