// An Ethernet frame with an IPv4 packet and a TCP segment in it, byte by byte as it lies in memory,
// is on the wire and stands in a packet capture: without preamble and frame check sequence. Every
// segment has the timestamps option, so that it begins with kFrameHeaders (wire.h); the first one
// of each side has the options with which Linux opens a connection. The one place that knows where
// a field stands.
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
  std::uint32_t address = 0;
  std::uint16_t port = 0;
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

/// What the headers of all segments from one end to the other have in common, in its place.
using HeaderPrototype = std::array<std::uint8_t, 14 + 20 + 32>;
HeaderPrototype prototype_of(const Endpoint& from, const Endpoint& to);
/// Writes the headers of one of these segments: without its payload, but with its length. Returns
/// how long they are. Checksums are left for
/// complete_ip_checksum() and complete_tcp_checksum().
std::size_t write_headers(const HeaderPrototype& prototype, std::uint16_t identification,
                          const TcpSegment& segment, std::uint8_t* to);

/// What headers say.
struct Headers {
  Endpoint from;
  Endpoint to;
  std::uint16_t identification = 0;  ///< IP's
  TcpSegment segment;                ///< without payload, but with its length

  /// With those of Ethernet and IP.
  std::size_t size() const;
  /// Writes size() bytes, as write_headers() does.
  void encode(std::uint8_t* to) const;
  /// Of a segment without kSyn.
  static Headers decode(const std::uint8_t* from);
};
/// The most that they take.
constexpr Bytes kLargestHeaders{14 + 20 + 60};

/// What segmentation makes of the headers of a packet for one of its frames, whose payload begins
/// at `offset`: sequence number, identification, length; PSH and FIN are the last one's.
struct Cut {
  unsigned number;
  std::uint32_t offset;
  std::size_t bytes;
  bool last;
};
void cut_headers(std::uint8_t* headers, const Cut& cut);

/// The checksum of IP.
void complete_ip_checksum(std::uint8_t* headers);
/// That of TCP, over the `n` bytes of payload, too.
void complete_tcp_checksum(std::uint8_t* headers, const std::uint8_t* payload, std::size_t n);
/// What a driver leaves there for a NIC that computes it: the sum of the pseudo header, without the
/// length of what is still to be cut into frames.
void prepare_tcp_checksum(std::uint8_t* headers, bool segmented);

/// Makes the frame that carries the segment.
void make_frame(const Headers& headers, std::vector<std::uint8_t>& frame);

/// By how many bits windows are shifted in a socket that may have so much (RFC 7323; Linux:
/// tcp_select_initial_window()).
std::uint8_t window_scale(Bytes window);
/// A window as the headers after the first one say it.
std::uint16_t scaled_window(Bytes window);

/// The ones' complement sum of RFC 1071 over `n` bytes, added to `sum`, not folded.
std::uint64_t internet_sum(const std::uint8_t* bytes, std::size_t n, std::uint64_t sum = 0);
/// The checksum that belongs to a sum.
std::uint16_t internet_checksum(std::uint64_t sum);

}  // namespace copypath
