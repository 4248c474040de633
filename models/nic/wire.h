// What travels between the NIC and the clients: the segments of one skb, acknowledgements, and
// requests, as TLM-2.0 transactions with an extension; and the sizes of headers and gaps.
#pragma once

#include <array>
#include <tlm>
#include <vector>

#include "models/memory/content.h"
#include "models/platform/config.h"

namespace copypath {

/// Ethernet, IPv4 and TCP with timestamps, in front of the payload of every frame.
constexpr Bytes kIpTcpHeader{20 + 20 + 12};
constexpr Bytes kEthernetHeader{14};
constexpr Bytes kFrameHeaders = kEthernetHeader + kIpTcpHeader;
/// What a request says (assumed: a line of text, filled up with blanks).
constexpr Bytes kRequestText{96};
/// Frame check sequence, preamble with start delimiter, gap between frames (IEEE 802.3).
constexpr Bytes kFrameOverhead{4 + 8 + 12};
/// What every frame with payload takes on the wire beside it.
constexpr Bytes kBesidePayload = kFrameHeaders + kFrameOverhead;

/// No IP packet is longer, whatever the MTU (IP_MAX_MTU): its length has 16 bits.
constexpr Bytes kLargestIp{65535};

/// The payload of a full frame (the maximum segment size).
constexpr Bytes segment_size(Bytes mtu) {
  return (mtu < kLargestIp ? mtu : kLargestIp) - kIpTcpHeader;
}
/// The MTU of loopback is 65536.
constexpr Bytes segment_size(const NicConfig& nic) {
  return segment_size(nic.link == Link::kLoopback ? kLargestIp : nic.mtu);
}

/// The frames into which `payload` is cut.
constexpr std::uint64_t frames_for(Bytes payload, Bytes mtu) {
  return units_covering(payload, segment_size(mtu));
}

/// A frame on the wire, in bytes of the line rate: at least 64 bytes with its check sequence.
constexpr Bytes frame_on_wire(Bytes frame) {
  constexpr Bytes kLeast{60};
  return (frame < kLeast ? kLeast : frame) + kFrameOverhead;
}

/// The time on the wire of `payload`, in bytes of the line rate.
constexpr Bytes wire_bytes(Bytes payload, Bytes mtu) {
  return payload + kBesidePayload * frames_for(payload, mtu);
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

  /// A byte of each of the parts that came last, the last one first.
  using Recent = std::array<std::uint64_t, 3>;
  static void note(Recent& recent, std::uint64_t byte);
  /// Of what is there, in order, which may touch or overlap: what came last first, then what the
  /// acknowledgements before have said, in case they got lost (RFC 2018).
  static Sack of(const std::vector<Block>& parts, const Recent& recent);

  /// What it takes in a header: two bytes that do nothing, kind and length, blocks of eight.
  Bytes option() const { return Bytes(count == 0 ? 0 : 4 + 8 * std::uint64_t{count}); }
};

class Packet : public tlm::tlm_extension<Packet> {
public:
  enum class Kind { kData, kAcknowledgement, kRequest, kReset };

  Kind kind = Kind::kData;
  std::uint32_t connection = 0;
  std::uint64_t sequence =
      0;  ///< of the first byte, or the next one expected; of a request, its number
  /// Of payload, what is acknowledged with it; of the rest, how much has been sent so far.
  std::uint64_t counterpart = 0;
  std::uint32_t timestamp = 0;       ///< of whoever sends it, in milliseconds (RFC 7323)
  std::uint32_t echo = 0;            ///< the other's last one
  Bytes bytes;                       ///< payload
  const Content* content = nullptr;  ///< of data
  Sack sack{};                       ///< of acknowledgements
  /// Of data, how many it is cut into; of acknowledgements, how many come one behind the other.
  std::uint64_t frames = 1;
  /// Of data, the payload of a full frame; of acknowledgements that follow one another, what each
  /// but the last one acknowledges, after what had been acknowledged `before`.
  Bytes segment;
  std::uint64_t before = 0;
  bool more = false;                 ///< of data: what was sent in one go goes on (no PSH)
  std::uint16_t identification = 0;  ///< IP's, of the first frame
  std::uint16_t window = 0;          ///< that the headers say: scaled
  Bytes offers;  ///< of a proxy's acknowledgement: how much more its receive buffer takes
  /// Of data from the server, its headers as they lay in memory, from which those of its frames are
  /// cut.
  const std::uint8_t* headers = nullptr;

  /// What the acknowledgement of that number says, from 0 on, of those that follow one another.
  std::uint64_t acknowledged_by(std::uint64_t number) const {
    const std::uint64_t next = before + segment.count() * (number + 1);
    return number + 1 < frames && next < sequence ? next : sequence;
  }

  /// A frame without payload, with what a request says.
  Bytes empty_frame() const {
    return kFrameHeaders + sack.option() + (kind == Kind::kRequest ? kRequestText : Bytes(0));
  }
  /// Headers and payload on the wire.
  Bytes wire_bytes(Bytes mtu) const {
    if (kind == Kind::kData) return copypath::wire_bytes(bytes, mtu);
    return frame_on_wire(empty_frame()) * frames;
  }

  tlm::tlm_extension_base* clone() const override { return new Packet(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const Packet&>(other);
  }
};

}  // namespace copypath
