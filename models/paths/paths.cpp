#include "models/paths/all_paths.h"

namespace copypath {

const std::vector<const Path*>& paths() {
  static const std::vector<const Path*> kPaths{
      &kReadWritePath,   &kMmapWritePath,      &kSendfilePath,   &kSplicePath,
      &kDirectWritePath, &kProxyReadWritePath, &kProxySplicePath};
  return kPaths;
}

namespace {

const char* name_of(Transformation transform) {
  return transform == Transformation::kTls ? "tls" : "compress";
}

}  // namespace

std::string refusal(const Path& path, const Config& config) {
  const Transformation wanted = config.workload.transform;
  if (wanted != Transformation::kNone && path.transform != wanted) {
    std::string able;
    for (const Path* other : paths()) {
      if (other->transform == wanted) able += (able.empty() ? "" : ", ") + std::string(other->name);
    }
    return std::string(path.name) + " sends the bytes of the file as they are" +
           (path.transform == Transformation::kNone ? "" : ", or otherwise changed") +
           ", workload.transform = " + name_of(wanted) + " needs one of: " + able;
  }
  return path.refusal == nullptr ? "" : path.refusal(config);
}

const Path* find_path(const std::string& name) {
  for (const Path* path : paths()) {
    if (path->name == name) return path;
  }
  return nullptr;
}

}  // namespace copypath
