// The version of the program: CMakeLists.txt hands it to this file alone.
#include "testbench/version.h"

namespace copypath {

const char* version() { return COPYPATH_VERSION; }

}  // namespace copypath
