#include "native/all_paths.h"

namespace copypath::native {

const std::vector<const Path*>& paths() {
  static const std::vector<const Path*> kPaths{&kReadWritePath,
                                               &kMmapWritePath,
                                               &kSendfilePath,
                                               &kSplicePath,
                                               &kVmsplicePath,
                                               &kMsgZerocopyMmapPath,
                                               &kMsgZerocopyReadPath,
                                               &kIoUringZcPath,
                                               &kDirectWritePath,
                                               &kDirectZcPath,
                                               &kUserTlsPath,
                                               &kUserTlsMmapPath,
                                               &kKtlsSendfilePath,
                                               &kKtlsWritePath,
                                               &kCompressWritePath,
                                               &kJavaTransferToPath,
                                               &kCopyViaBufferedStreamPath,
                                               &kProxySplicePath,
                                               &kProxyReadWritePath,
                                               &kPreadPath,
                                               &kMmapReadPath};
  return kPaths;
}

const Path* find_path(const std::string& name) {
  for (const Path* path : paths()) {
    if (path->name == name) return path;
  }
  return nullptr;
}

}  // namespace copypath::native
