#include "models/nic/frame_header.h"

#include <cmath>

namespace copypath {

namespace {

/// Bytes of the stream as a sequence number, from an initial one on, which SYN has taken.
std::uint32_t number(std::uint32_t initial, std::uint64_t offset) {
  return static_cast<std::uint32_t>(initial + 1 + offset);
}
std::uint64_t offset(std::uint32_t initial, std::uint32_t number) {
  return static_cast<std::uint32_t>(number - initial - 1);
}

}  // namespace

FrameHeader::FrameHeader(const Packet& packet, std::uint64_t frame)
    : connection(packet.connection),
      kind(packet.kind),
      sequence(packet.sequence),
      acknowledgement(packet.counterpart),
      payload(packet.bytes),
      sack(packet.sack),
      identification(static_cast<std::uint16_t>(packet.identification + frame)),
      window(packet.window),
      timestamp(packet.timestamp),
      echo(packet.echo) {
  if (kind == Packet::Kind::kRequest) {
    sequence = packet.sequence * kRequestText.count();
    payload = kRequestText;
  } else if (kind != Packet::Kind::kData) {
    acknowledgement = packet.acknowledged_by(frame);
    sequence = packet.counterpart;
  }
  push = payload > Bytes(0) && !packet.more;
}

std::size_t FrameHeader::write(Connections& connections, bool from_server, std::uint8_t* to) const {
  const Connections::Connection& common = connections[connection];
  const Connections::Way& way = common.way(from_server);
  const std::uint32_t others = common.way(!from_server).initial;
  TcpSegment segment;
  segment.sequence = number(way.initial, sequence);
  segment.acknowledgement = number(others, acknowledgement);
  segment.flags = TcpSegment::kAck;
  if (kind == Packet::Kind::kReset) segment.flags |= TcpSegment::kReset;
  if (push) segment.flags |= TcpSegment::kPush;
  segment.window = window;
  segment.timestamp = timestamp;
  segment.echo = echo;
  segment.sack_blocks = sack.count;
  for (unsigned i = 0; i < sack.count; ++i) {
    segment.sack[2 * i] = number(others, sack.blocks[i].begin);
    segment.sack[2 * i + 1] = number(others, sack.blocks[i].end);
  }
  segment.bytes = payload.count();
  return write_headers(way.headers, identification, segment, to);
}

FrameHeader FrameHeader::read(const std::uint8_t* bytes, Connections& connections,
                              bool from_server) {
  const Addressing& addressing = connections.addressing();
  const Headers headers = Headers::decode(bytes);
  const TcpSegment& segment = headers.segment;
  FrameHeader header;
  const Endpoint& server = from_server ? headers.from : headers.to;
  const Endpoint& peer = from_server ? headers.to : headers.from;
  header.connection = addressing.connection_of(server, peer);
  header.push = (segment.flags & TcpSegment::kPush) != 0;
  const Connections::Connection& common = connections[header.connection];
  const std::uint32_t others = common.way(!from_server).initial;
  header.sequence = offset(common.way(from_server).initial, segment.sequence);
  header.acknowledgement = offset(others, segment.acknowledgement);
  header.payload = Bytes(segment.bytes);
  header.sack.count = segment.sack_blocks;
  for (unsigned i = 0; i < segment.sack_blocks; ++i) {
    header.sack.blocks[i] = {offset(others, segment.sack[2 * i]),
                             offset(others, segment.sack[2 * i + 1])};
  }
  header.identification = headers.identification;
  header.window = segment.window;
  header.timestamp = segment.timestamp;
  header.echo = segment.echo;
  // Clients send nothing but requests.
  const bool asks = !from_server && header.connection < addressing.clients;
  header.kind = (segment.flags & TcpSegment::kReset) != 0 ? Packet::Kind::kReset
                : segment.bytes == 0 && !from_server      ? Packet::Kind::kAcknowledgement
                : asks                                    ? Packet::Kind::kRequest
                                                          : Packet::Kind::kData;
  return header;
}

sc_time timestamps_lead(sc_time rtt) {
  return sc_time(1 + std::floor(rtt.to_seconds()), sc_core::SC_SEC);
}

std::uint32_t timestamp_of(sc_time since_boot) {
  constexpr std::uint64_t kPerMillisecond = 1'000'000'000;  // picoseconds
  return static_cast<std::uint32_t>(since_boot.value() / kPerMillisecond);
}

}  // namespace copypath
