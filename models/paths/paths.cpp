#include "models/paths/all_paths.h"

namespace copypath {

const std::vector<const Path*>& paths() {
  static const std::vector<const Path*> kPaths{&kReadWritePath, &kMmapWritePath, &kSendfilePath,
                                               &kSplicePath, &kDirectWritePath};
  return kPaths;
}

const Path* find_path(const std::string& name) {
  for (const Path* path : paths()) {
    if (path->name == name) return path;
  }
  return nullptr;
}

}  // namespace copypath
