// An Ethernet frame with an IPv4 packet and a TCP segment in it, byte by byte as it is on the wire
// and as a packet capture holds it: without preamble and frame check sequence. Every segment has
// the timestamps option, so that it begins with kFrameHeaders (wire.h); the first one of each side
// has the options with which Linux opens a connection.
// Sources: RFC 791 (IP), RFC 9293 (TCP), RFC 7323 (window scale, timestamps), RFC 2018 (SACK),
// RFC 1071 (checksums).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/units.h"

namespace copypath {

/// Where a connection ends. Its MAC address is 02:00 and the four bytes of the IP address.
struct Endpoint {
  std::uint32_t address;
  std::uint16_t port;
};

struct TcpSegment {
  static constexpr std::uint8_t kFin = 1, kSyn = 2, kReset = 4, kPush = 8, kAck = 16;

  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;  ///< as in the header: scaled
  std::uint32_t timestamp = 0;
  std::uint32_t echo = 0;
  std::uint16_t segment_size = 0;       ///< announced with kSyn (MSS)
  std::uint8_t window_scale = 0;        ///< announced with kSyn
  std::array<std::uint32_t, 6> sack{};  ///< begin and end of blocks (RFC 2018)
  unsigned sack_blocks = 0;
  const std::uint8_t* payload = nullptr;
  std::size_t bytes = 0;
};

/// Makes the frame that carries the segment; `identification` is IP's.
void make_frame(const Endpoint& from, const Endpoint& to, std::uint16_t identification,
                const TcpSegment& segment, std::vector<std::uint8_t>& frame);

/// The ones' complement sum of RFC 1071 over `n` bytes, added to `sum`, not folded.
std::uint64_t internet_sum(const std::uint8_t* bytes, std::size_t n, std::uint64_t sum = 0);
/// The checksum that belongs to a sum.
std::uint16_t internet_checksum(std::uint64_t sum);

}  // namespace copypath
