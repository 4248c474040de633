// The version of the program, as CMakeLists.txt declares it.
#pragma once

namespace copypath {

const char* version();

}  // namespace copypath
