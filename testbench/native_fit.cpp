#include "testbench/native_fit.h"

#include "native/path.h"

namespace copypath {
namespace {

/// Why the path does not do what has to happen to the bytes; "" if it does.
std::string misfit(const native::Path& path, const Config& config) {
  if (config.workload.kind == WorkloadKind::kLogBroker) {
    if (config.broker.batches > 0) return "producers (broker.batches) exist in the model alone";
    if (path.encoding != native::Encoding::kPlain || path.source == native::Source::kOrigin) {
      return "a log broker sends headers and files as they are, natively";
    }
  }
  const auto sends = [&](auto... encodings) { return ((path.encoding == encodings) || ...); };
  using native::Encoding;
  switch (config.workload.transform) {
    case Transformation::kTls:
      if (sends(Encoding::kTls, Encoding::kKernelTls)) return "";
      return "it does not encrypt, as workload.transform = tls demands";
    case Transformation::kCompress:
      if (sends(Encoding::kDeflate)) return "";
      return "it does not compress, as workload.transform = compress demands";
    case Transformation::kNone:
      break;
  }
  const bool reads = config.workload.kind == WorkloadKind::kRandomReader;
  if (path.local == reads) return "";
  return reads ? "it sends to clients, and workload.kind = random_reader has none"
               : "it reads for itself, as workload.kind = random_reader does";
}

/// Whether there are programs of that kind here.
bool runs(WorkloadKind kind) {
  return kind != WorkloadKind::kWebServer && kind != WorkloadKind::kFileCopy &&
         kind != WorkloadKind::kPipe;
}

}  // namespace

std::string not_native(const std::string& path, const Config& config) {
  if (!runs(config.workload.kind)) return "its workload.kind exists in the model alone";
  const native::Path* const program = native::find_path(path);
  return program == nullptr ? "it exists in the model alone" : misfit(*program, config);
}

}  // namespace copypath
