// What travels between the NIC and the clients: the segments of one skb, acknowledgements, and
// requests, as TLM-2.0 transactions with an extension; and the sizes of headers and gaps.
#pragma once

#include <array>
#include <tlm>

#include "models/memory/content.h"
#include "models/platform/config.h"

namespace copypath {

/// Ethernet, IPv4 and TCP with timestamps, in front of the payload of every frame.
constexpr Bytes kIpTcpHeader{20 + 20 + 12};
constexpr Bytes kEthernetHeader{14};
constexpr Bytes kFrameHeaders = kEthernetHeader + kIpTcpHeader;
/// Frame check sequence, preamble with start delimiter, gap between frames (IEEE 802.3).
constexpr Bytes kFrameOverhead{4 + 8 + 12};

/// The payload of a full frame (the maximum segment size).
constexpr Bytes segment_size(Bytes mtu) { return mtu - kIpTcpHeader; }

/// The largest IP packet on loopback: its MTU is 65536, but no IP packet is longer (IP_MAX_MTU).
constexpr Bytes kLoopbackMtu{65535};
constexpr Bytes segment_size(const NicConfig& nic) {
  return segment_size(nic.link == Link::kLoopback ? kLoopbackMtu : nic.mtu);
}

/// The frames into which `payload` is cut.
constexpr std::uint64_t frames_for(Bytes payload, Bytes mtu) {
  return units_covering(payload, segment_size(mtu));
}

/// The time on the wire of `payload`, in bytes of the line rate.
constexpr Bytes wire_bytes(Bytes payload, Bytes mtu) {
  return payload + (kFrameHeaders + kFrameOverhead) * frames_for(payload, mtu);
}

struct WireProtocol {
  using tlm_payload_type = tlm::tlm_generic_payload;
  using tlm_phase_type = tlm::tlm_phase;
};

/// What a receiver has beyond a gap (RFC 2018): bytes [begin, end) of the stream. No more of them
/// fit into a header beside the timestamps.
struct Sack {
  struct Block {
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::array<Block, 3> blocks;
  unsigned count = 0;
};

class Packet : public tlm::tlm_extension<Packet> {
public:
  enum class Kind { kData, kAcknowledgement, kRequest, kReset };

  Kind kind = Kind::kData;
  std::uint32_t connection = 0;
  std::uint64_t sequence =
      0;        ///< of the first byte, or the next one expected; of a request, its number
  Bytes bytes;  ///< payload
  const Content* content = nullptr;  ///< of data
  Sack sack{};                       ///< of acknowledgements

  tlm::tlm_extension_base* clone() const override { return new Packet(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const Packet&>(other);
  }
};

}  // namespace copypath
