// What a client does to the bytes it receives before it can compare them with the file: nothing,
// opening TLS records, or inflating.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "native/path.h"

namespace copypath::native {

class Decoder {
public:
  using Output = std::function<void(const std::uint8_t* bytes, std::size_t count)>;

  virtual ~Decoder() = default;

  /// Takes bytes as they come, and passes on what they stand for. Throws std::runtime_error if they
  /// are not what the encoding makes.
  virtual void feed(const std::uint8_t* bytes, std::size_t count, const Output& output) = 0;
};

std::unique_ptr<Decoder> make_decoder(Encoding encoding);

}  // namespace copypath::native
