// Receive-side scaling: which receive queue takes the packets of a connection. The Toeplitz hash of
// addresses and ports with Microsoft's key chooses an entry of the indirection table (RETA), and
// that the queue; all packets of a connection go the same way, so none overtakes another. Left out:
// IPv6, UDP, flow director, a table that is rebalanced. Source: Microsoft, "RSS hashing functions",
// with the vectors that the tests check.
#pragma once

#include <cstdint>

#include "models/nic/frame.h"
#include "models/platform/config.h"

namespace copypath {

/// What the hash is over: where a packet comes from and where it goes.
struct FourTuple {
  std::uint32_t source;
  std::uint32_t destination;
  std::uint16_t source_port;
  std::uint16_t destination_port;
};

/// The addresses of the model's connections, as packet captures show them too: clients 10.1.0.1 and
/// following, and after them the producers of a log broker, come to the server 10.0.0.1; the
/// connections of a proxy, which follow those of the clients, go to an origin 10.0.1.0 and
/// following.
struct Addressing {
  std::uint32_t clients = 0xffffffff;  ///< connections that come in
  std::uint16_t port = 8000;           ///< the service's: one that tshark has no idea of

  Addressing() = default;
  Addressing(const Config& config, bool tls);

  Endpoint server(std::uint32_t connection) const;
  Endpoint peer(std::uint32_t connection) const;
  /// Of a packet that the server receives.
  FourTuple received(std::uint32_t connection) const;
  /// The connection between these two.
  std::uint32_t connection_of(const Endpoint& server, const Endpoint& peer) const;

  /// The initial sequence number of either side: made up, the same in every run.
  std::uint32_t initial(std::uint32_t connection, bool of_server) const;
};

/// The hash over addresses and ports (NdisHashFunctionToeplitz, TCP over IPv4).
std::uint32_t toeplitz_hash(const FourTuple& tuple);
/// The hash over the addresses alone.
std::uint32_t toeplitz_hash(std::uint32_t source, std::uint32_t destination);

/// Entries of the indirection table (82599: 128), which deal the queues out in turn.
constexpr unsigned kIndirection = 128;
constexpr unsigned rss_queue(std::uint32_t hash, unsigned queues) {
  return hash % kIndirection % queues;
}

}  // namespace copypath
