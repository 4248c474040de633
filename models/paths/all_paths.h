// The paths that exist; each has a file of its own.
#pragma once

#include "models/paths/path.h"

namespace copypath {

extern const Path kReadWritePath;
extern const Path kMmapWritePath;
extern const Path kSendfilePath;
extern const Path kSplicePath;
extern const Path kDirectWritePath;
extern const Path kProxyReadWritePath;
extern const Path kProxySplicePath;

}  // namespace copypath
