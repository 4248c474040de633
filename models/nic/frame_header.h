// What the model makes of the headers of a packet (frame.h), and how it writes them: whose it is,
// what it is, where it belongs in the stream. Sequence numbers count bytes of a stream from 0 on
// here, in 64 bits; headers hold the last 32 of them, from an initial sequence number on.
#pragma once

#include "models/nic/connections.h"
#include "models/nic/wire.h"

namespace copypath {

struct FrameHeader {
  std::uint32_t connection = 0;
  Packet::Kind kind = Packet::Kind::kData;
  bool push = false;                  ///< the last frame of what was sent in one go
  std::uint64_t sequence = 0;         ///< of the first byte of payload
  std::uint64_t acknowledgement = 0;  ///< the next byte expected of the other's stream
  Bytes payload;
  Sack sack;
  std::uint16_t identification = 0;
  std::uint16_t window = 0;     ///< scaled
  std::uint32_t timestamp = 0;  ///< in milliseconds
  std::uint32_t echo = 0;

  /// What comes with a packet over the wire; of acknowledgements that follow one another, in the
  /// one of that number.
  explicit FrameHeader(const Packet& packet, std::uint64_t frame = 0);
  FrameHeader() = default;

  /// Writes the headers of what the server sends or receives (write_headers()).
  std::size_t write(Connections& connections, bool from_server, std::uint8_t* to) const;
  /// What they say. Sequence numbers are complete only with what extended() makes of them.
  static FrameHeader read(const std::uint8_t* bytes, Connections& connections, bool from_server);
};

/// The number with these last 32 bits that is nearest to `near`.
constexpr std::uint64_t extended(std::uint64_t low, std::uint64_t near) {
  const auto off =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(low) - static_cast<std::uint32_t>(near));
  return near + static_cast<std::uint64_t>(static_cast<std::int64_t>(off));
}

/// What the clock of timestamps says: it runs before the simulation does, so that a connection can
/// have been opened by then.
sc_time timestamps_lead(sc_time rtt);
std::uint32_t timestamp_of(sc_time since_boot);

/// What one has of memory for headers and a request (the 82599 takes multiples of 64 bytes).
constexpr Bytes kHeaderSlot{256};
static_assert(kLargestHeaders + kRequestText <= kHeaderSlot, "they fit there");

}  // namespace copypath
