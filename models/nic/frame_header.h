// What the headers of a packet say, as they lie in memory beside the descriptors: whose it is,
// where it belongs in the stream, and whether what follows it is another packet (PSH). The memory
// is as long as the real headers, and is moved like them; the addresses, ports and the 32 bits of
// the sequence number that a real one holds are written out where frames are captured.
#pragma once

#include <cstring>

#include "models/nic/wire.h"

namespace copypath {

struct FrameHeader {
  std::uint64_t sequence = 0;  ///< of the first byte of payload in the stream
  std::uint32_t connection = 0;
  bool push = false;         ///< the last frame of what was sent in one go
  bool again = false;        ///< sent before: not what a NIC that encrypts expects next
  std::uint64_t record = 0;  ///< then, the number of the TLS record in which it begins (assumed: a
                             ///< real driver says so in a context descriptor)

  void encode(std::uint8_t* to) const { std::memcpy(to, this, sizeof *this); }
  static FrameHeader decode(const std::uint8_t* from) {
    FrameHeader header;
    std::memcpy(&header, from, sizeof header);
    return header;
  }
};
static_assert(sizeof(FrameHeader) <= kFrameHeaders.count(), "it fits where the headers are");

/// What one has of memory (the 82599 takes multiples of 64 bytes).
constexpr Bytes kHeaderSlot{128};

}  // namespace copypath
