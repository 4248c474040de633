#include "models/nic/rss.h"

#include <cstddef>

#include "models/scrambled.h"

namespace copypath {

namespace {

constexpr std::uint8_t kKey[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                   0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                   0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                   0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

constexpr std::uint32_t kServer = 0x0a000001;   // 10.0.0.1
constexpr std::uint32_t kOrigins = 0x0a000100;  // 10.0.1.0
constexpr std::uint32_t kClients = 0x0a010001;  // 10.1.0.1
constexpr std::uint16_t kOriginPort = 8000;
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

Addressing::Addressing(const Config& config, bool tls)
    : clients(config.workload.clients), port(tls ? 443 : 8000) {
  if (config.workload.kind == WorkloadKind::kLogBroker) clients += config.broker.producers();
}

Endpoint Addressing::server(std::uint32_t connection) const {
  if (connection < clients) return {kServer, port};
  const std::uint32_t number = connection - clients;
  return {kServer, static_cast<std::uint16_t>(kFirstEphemeral + number % kEphemeral)};
}

Endpoint Addressing::peer(std::uint32_t connection) const {
  if (connection >= clients) {
    return {kOrigins + (connection - clients) / kEphemeral, kOriginPort};
  }
  const auto ephemeral = static_cast<std::uint16_t>(kFirstEphemeral + connection % kEphemeral);
  return {kClients + connection, ephemeral};
}

FourTuple Addressing::received(std::uint32_t connection) const {
  const Endpoint from = peer(connection);
  const Endpoint to = server(connection);
  return {from.address, to.address, from.port, to.port};
}

std::uint32_t Addressing::connection_of(const Endpoint& server, const Endpoint& peer) const {
  if (peer.address >= kClients) return peer.address - kClients;
  return clients + (peer.address - kOrigins) * kEphemeral + (server.port - kFirstEphemeral);
}

std::uint32_t Addressing::initial(std::uint32_t connection, bool of_server) const {
  const std::uint32_t number = connection < clients ? connection : connection - clients;
  return static_cast<std::uint32_t>(scrambled(std::uint64_t{number} << 1 | (of_server ? 0 : 1)));
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
