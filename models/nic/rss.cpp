#include "models/nic/rss.h"

#include <cstddef>

namespace copypath {

namespace {

constexpr std::uint8_t kKey[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                   0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                   0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                   0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

constexpr std::uint32_t kServer = 0x0a000001;   // 10.0.0.1
constexpr std::uint32_t kOrigins = 0x0a000100;  // 10.0.1.0
constexpr std::uint32_t kClients = 0x0a010001;  // 10.1.0.1
constexpr std::uint16_t kOriginPort = 7000;
constexpr std::uint16_t kFirstEphemeral = 32768;  // net.ipv4.ip_local_port_range
constexpr std::uint32_t kEphemeral = 28232;       // ports in it

/// For every bit of the input that is set, from the first on, the 32 bits of the key that begin
/// there.
class Toeplitz {
public:
  void add(std::uint32_t word, unsigned bits) {
    for (unsigned bit = bits; bit-- > 0; ++at_) {
      if ((word >> bit & 1) != 0) hash_ ^= key_from(at_);
    }
  }
  std::uint32_t hash() const { return hash_; }

private:
  static std::uint32_t key_from(std::size_t bit) {
    std::uint64_t window = 0;
    for (std::size_t i = 0; i < 5; ++i) window = window << 8 | kKey[bit / 8 + i];
    return static_cast<std::uint32_t>(window >> (8 - bit % 8));
  }

  std::size_t at_ = 0;
  std::uint32_t hash_ = 0;
};

}  // namespace

FourTuple Addressing::received(std::uint32_t connection) const {
  const bool client = connection < clients;
  const std::uint32_t number = client ? connection : connection - clients;
  const auto ephemeral = static_cast<std::uint16_t>(kFirstEphemeral + number % kEphemeral);
  if (client) return {kClients + number, kServer, ephemeral, port};
  return {kOrigins + number / kEphemeral, kServer, kOriginPort, ephemeral};
}

std::uint32_t toeplitz_hash(const FourTuple& tuple) {
  Toeplitz toeplitz;
  toeplitz.add(tuple.source, 32);
  toeplitz.add(tuple.destination, 32);
  toeplitz.add(tuple.source_port, 16);
  toeplitz.add(tuple.destination_port, 16);
  return toeplitz.hash();
}

std::uint32_t toeplitz_hash(std::uint32_t source, std::uint32_t destination) {
  Toeplitz toeplitz;
  toeplitz.add(source, 32);
  toeplitz.add(destination, 32);
  return toeplitz.hash();
}

}  // namespace copypath
