// The paths that exist; each has a file of its own.
#pragma once

#include "native/path.h"

namespace copypath::native {

extern const Path kReadWritePath;
extern const Path kMmapWritePath;
extern const Path kSendfilePath;
extern const Path kSplicePath;
extern const Path kVmsplicePath;
extern const Path kMsgZerocopyMmapPath;
extern const Path kMsgZerocopyReadPath;
extern const Path kIoUringZcPath;
extern const Path kDirectWritePath;
extern const Path kDirectZcPath;
extern const Path kUserTlsPath;
extern const Path kUserTlsMmapPath;
extern const Path kKtlsSendfilePath;
extern const Path kKtlsWritePath;
extern const Path kCompressWritePath;
extern const Path kJavaTransferToPath;
extern const Path kCopyViaBufferedStreamPath;
extern const Path kProxySplicePath;
extern const Path kProxyReadWritePath;
extern const Path kPreadPath;
extern const Path kMmapReadPath;

}  // namespace copypath::native
