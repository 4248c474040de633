// The paths that exist; each has a file of its own.
#pragma once

#include "models/paths/path.h"

namespace copypath {

extern const Path kReadWritePath;
extern const Path kSendfilePath;

}  // namespace copypath
