// What the models of driver and NIC share beside the rings in memory, because hardware has no need
// of it: by transmit descriptor the kind of memory that it points into and why it is read, which
// the ledger asks for; and what the packets of a connection have in common.
#pragma once

#include <vector>

#include "models/ledger/movement.h"
#include "models/nic/connections.h"
#include "models/nic/wire.h"

namespace copypath {

/// What a transmit descriptor is there for: to be sent, to be sent again, or only to be read, as
/// the beginning of a TLS record of which a later part is sent again.
enum class TxRole : std::uint8_t { kSend, kSendAgain, kResync };

/// What it points into, and why that is read.
struct TxUse {
  Place place;
  TxRole role;

  bool operator==(const TxUse& other) const { return place == other.place && role == other.role; }
};

struct NicQueue {
  std::vector<TxUse> uses;  ///< by transmit descriptor
  /// Of what is sent again, the number of the TLS record in which it begins, by the descriptor of
  /// its headers (assumed: a real driver says so in a context descriptor).
  std::vector<std::uint64_t> records;
};

struct NicQueues {
  /// `number`: of the NIC, from 0 on.
  explicit NicQueues(const NicConfig& config, const Addressing& addressing = {},
                     unsigned number = 0)
      : nic(number), connections(addressing), queues(config.queues) {
    for (NicQueue& queue : queues) {
      queue.uses.resize(config.ring);
      queue.records.resize(config.ring);
    }
  }

  unsigned nic;
  Connections connections;
  std::vector<NicQueue> queues;
};

/// Which of several NICs a connection uses (bonding, balanced by connection).
constexpr unsigned nic_of(std::uint32_t connection, std::size_t nics) {
  return static_cast<unsigned>(connection % nics);
}

/// The registers of the NIC (Intel 82599 datasheet, 8.2.3). Those of a queue lie kQueueRegisters
/// apart.
namespace reg {
constexpr std::uint64_t kQueueRegisters = 0x40;
constexpr std::uint64_t kReceiveBase = 0x1000;     ///< RDBAL and RDBAH: address of the ring
constexpr std::uint64_t kReceiveLength = 0x1008;   ///< RDLEN: bytes of the ring
constexpr std::uint64_t kReceiveHead = 0x1010;     ///< RDH, read only here
constexpr std::uint64_t kReceiveTail = 0x1018;     ///< RDT
constexpr std::uint64_t kTransmitBase = 0x6000;    ///< TDBAL and TDBAH
constexpr std::uint64_t kTransmitLength = 0x6008;  ///< TDLEN
constexpr std::uint64_t kTransmitHead = 0x6010;    ///< TDH, read only here
constexpr std::uint64_t kTransmitTail = 0x6018;    ///< TDT
/// A context as it stands on the chip (assumed): put there when the driver brings the ring up,
/// before the run begins. A real driver sends it as a descriptor in front of the first packet.
constexpr std::uint64_t kTransmitContext = 0x6030;
/// EICR and EIMS in one: the number of the vector whose causes are cleared and that may interrupt
/// again.
constexpr std::uint64_t kInterruptServed = 0x0800;
/// Where a packet without payload is written as a whole (assumed).
constexpr std::uint64_t kInline = 0x8000;
}  // namespace reg

}  // namespace copypath
