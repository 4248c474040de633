#include "models/workload/decoder.h"

#include "models/workload/deflate.h"
#include "models/workload/tls_reader.h"

namespace copypath {

std::unique_ptr<Decoder> make_decoder(Transformation transform, std::uint32_t connection,
                                      const WorkloadConfig& config) {
  switch (transform) {
    case Transformation::kNone:
      return nullptr;
    case Transformation::kTls:
      return std::make_unique<TlsReader>(connection);
    case Transformation::kCompress:
      return std::make_unique<Decompressor>(config);
  }
  return nullptr;
}

}  // namespace copypath
