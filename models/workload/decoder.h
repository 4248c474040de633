// What a client does to a stream before it is the bytes of a file again: decrypting, inflating.
#pragma once

#include <memory>

#include "models/memory/content.h"
#include "models/platform/config.h"

namespace copypath {

class Decoder {
public:
  virtual ~Decoder() = default;

  /// Takes the next bytes of the stream, and appends what they have completed of the file. False if
  /// they are not what they have to be: in plain, forged, out of order.
  virtual bool decode(const Content& stream, Content& file) = 0;
};

/// Of a connection; nullptr if nothing has been done to its bytes.
std::unique_ptr<Decoder> make_decoder(Transformation transform, std::uint32_t connection,
                                      const WorkloadConfig& config);

}  // namespace copypath
