#include <set>

#include "models/paths/all_paths.h"

namespace copypath {

const std::vector<const Path*>& paths() {
  static const std::vector<const Path*> kPaths{&kReadWritePath,        &kMmapWritePath,
                                               &kSendfilePath,         &kSplicePath,
                                               &kVmsplicePath,         &kMsgZerocopyMmapPath,
                                               &kMsgZerocopyReadPath,  &kIoUringZcPath,
                                               &kDirectWritePath,      &kDirectZcPath,
                                               &kJavaTransferToPath,   &kCopyViaBufferedStreamPath,
                                               &kUserTlsPath,          &kUserTlsMmapPath,
                                               &kKtlsSendfilePath,     &kKtlsWritePath,
                                               &kCompressWritePath,    &kProxyReadWritePath,
                                               &kProxySplicePath,      &kPreadPath,
                                               &kMmapReadPath,         &kCopyReadWritePath,
                                               &kCopySendfilePath,     &kPipeWriteReadPath,
                                               &kPipeVmspliceReadPath, &kPipeVmspliceSplicePath};
  return kPaths;
}

namespace {

const char* name_of(Transformation transform) {
  return transform == Transformation::kTls ? "tls" : "compress";
}

/// The names of the paths that are so.
template <typename Is>
std::string listed(Is is) {
  std::string names;
  for (const Path* path : paths()) {
    if (is(*path)) names += (names.empty() ? "" : ", ") + std::string(path->name);
  }
  return names;
}

}  // namespace

std::string unaligned_direct_read(const Config& config) {
  const std::uint64_t chunk = config.workload.chunk.count();
  if (chunk % kLogicalBlock.count() == 0) return "";
  return "reads with O_DIRECT, whole blocks of " + std::to_string(kLogicalBlock.count()) +
         " B; workload.chunk = " + std::to_string(chunk) +
         "B fails with EINVAL, choose a multiple of the block";
}

namespace {

/// What web servers and log brokers send behind the header of a response.
bool sends_behind_headers(const Path& path) {
  static const std::set<std::string> kPaths{"read_write", "sendfile", "user_tls", "ktls_sendfile",
                                            "ktls_write"};
  return kPaths.count(path.name) != 0;
}

/// A kind of workload that is a program of its own, which sends nothing.
struct LocalKind {
  WorkloadKind kind;
  Job job;  ///< of its paths
  const char* name;
  const char* does;    ///< what one of these does
  const char* others;  ///< what any other path does instead
};
constexpr LocalKind kLocalKinds[] = {
    {WorkloadKind::kRandomReader, Job::kRead, "random_reader", "reads for itself and sends nothing",
     "does not read for itself"},
    {WorkloadKind::kFileCopy, Job::kCopyFiles, "file_copy", "copies a file to a file",
     "writes to no file"},
    {WorkloadKind::kPipe, Job::kPipe, "pipe", "writes into a pipe",
     "writes into no pipe between programs"},
};

/// What the kind of workload demands of a path.
std::string misfit(const Path& path, WorkloadKind kind) {
  for (const LocalKind& local : kLocalKinds) {
    const bool belongs = path.job == local.job;
    if (belongs && kind != local.kind) {
      return std::string(local.does) + "; choose workload.kind = " + local.name;
    }
    if (!belongs && kind == local.kind) {
      return std::string(path.local() ? local.others : "sends to clients") +
             "; workload.kind = " + local.name +
             " needs one of: " + listed([&](const Path& other) { return other.job == local.job; });
    }
  }
  if (kind == WorkloadKind::kProxy && path.reads != Reads::kOrigin) {
    return "reads files of its own; workload.kind = proxy needs one of: " +
           listed([](const Path& other) { return other.reads == Reads::kOrigin; });
  }
  if (kind == WorkloadKind::kStaticList && path.reads == Reads::kOrigin) {
    return "fetches whole files of one size; workload.kind = static_list needs a path that reads "
           "files";
  }
  if (kind == WorkloadKind::kStaticList && path.transform == Transformation::kCompress) {
    return "makes one stream of a whole file, whose size its clients know; choose "
           "workload.kind = file_server";
  }
  const bool has_headers = kind == WorkloadKind::kWebServer || kind == WorkloadKind::kLogBroker;
  if (has_headers && !sends_behind_headers(path)) {
    return std::string("is no way in which such a server answers; workload.kind = ") +
           (kind == WorkloadKind::kWebServer ? "web_server" : "log_broker") +
           " needs one of: " + listed(sends_behind_headers);
  }
  return "";
}

std::string reason_to_refuse(const Path& path, const Config& config) {
  const std::string unfit = misfit(path, config.workload.kind);
  if (!unfit.empty()) return unfit;
  const Transformation wanted = config.workload.transform;
  if (wanted != Transformation::kNone && path.transform != wanted) {
    const bool plain = path.transform == Transformation::kNone;
    return std::string(plain ? "sends the bytes of the file as they are"
                             : "makes something else of the bytes") +
           "; workload.transform = " + name_of(wanted) +
           " needs one of: " + listed([=](const Path& other) { return other.transform == wanted; });
  }
  if (config.workload.open != FileSource::kBuffered && path.reads == Reads::kFile) {
    return "opens its files its own way; workload.open is for: " +
           listed([](const Path& other) { return other.reads == Reads::kAnyFile; });
  }
  if (config.workload.open == FileSource::kDirect && path.reads == Reads::kAnyFile) {
    const std::string unaligned = unaligned_direct_read(config);
    if (!unaligned.empty()) return unaligned;
  }
  return path.refusal == nullptr ? "" : path.refusal(config);
}

}  // namespace

std::string refusal(const Path& path, const Config& config) {
  const std::string reason = reason_to_refuse(path, config);
  return reason.empty() ? "" : std::string(path.name) + " " + reason;
}

std::string ktls_refusal(const Config& config) {
  if (config.kernel >= since::kKtls) return "";
  return "needs TLS in the kernel, which Linux " + config.kernel.text() +
         " does not have; choose host.kernel = " + since::kKtls.text() +
         " or later, or user_tls, which encrypts in user space";
}

const Path* find_path(const std::string& name) {
  for (const Path* path : paths()) {
    if (path->name == name) return path;
  }
  return nullptr;
}

}  // namespace copypath
