#include "models/platform/frame.h"

#include "models/nic/wire.h"

namespace copypath {

namespace {

using Frame = std::vector<std::uint8_t>;

constexpr std::uint8_t kTcp = 6;
constexpr std::size_t kIpAt = kEthernetHeader.count();
constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kTcpAt = kIpAt + kIpHeader;

void put8(Frame& frame, unsigned value) { frame.push_back(static_cast<std::uint8_t>(value)); }
void put16(Frame& frame, unsigned value) {
  put8(frame, value >> 8 & 0xff);
  put8(frame, value & 0xff);
}
void put32(Frame& frame, std::uint32_t value) {
  put16(frame, value >> 16);
  put16(frame, value & 0xffff);
}

void set16(Frame& frame, std::size_t at, unsigned value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

void put_mac(Frame& frame, const Endpoint& endpoint) {
  put16(frame, 0x0200);  // locally administered
  put32(frame, endpoint.address);
}

void put_options(Frame& frame, const TcpSegment& segment) {
  const bool opens = (segment.flags & TcpSegment::kSyn) != 0;
  if (opens) {
    put16(frame, 0x0204);  // maximum segment size
    put16(frame, segment.segment_size);
    put16(frame, 0x0402);  // SACK permitted
  } else {
    put16(frame, 0x0101);  // two times nothing
  }
  put16(frame, 0x080a);  // timestamps
  put32(frame, segment.timestamp);
  put32(frame, segment.echo);
  if (segment.sack_blocks > 0) {
    put16(frame, 0x0101);
    put8(frame, 5);
    put8(frame, 2 + 8 * segment.sack_blocks);
    for (unsigned i = 0; i < 2 * segment.sack_blocks; ++i) put32(frame, segment.sack[i]);
  }
  if (!opens) return;
  put8(frame, 1);
  put16(frame, 0x0303);  // window scale
  put8(frame, segment.window_scale);
}

}  // namespace

std::uint64_t internet_sum(const std::uint8_t* bytes, std::size_t n, std::uint64_t sum) {
  for (; n > 1; n -= 2, bytes += 2) sum += static_cast<std::uint64_t>(bytes[0]) << 8 | bytes[1];
  return n == 1 ? sum + (static_cast<std::uint64_t>(bytes[0]) << 8) : sum;
}

std::uint16_t internet_checksum(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void make_frame(const Endpoint& from, const Endpoint& to, std::uint16_t identification,
                const TcpSegment& segment, Frame& frame) {
  frame.clear();
  put_mac(frame, to);
  put_mac(frame, from);
  put16(frame, 0x0800);  // IPv4

  put16(frame, 0x4500);  // version, length of the header
  put16(frame, 0);       // total length
  put16(frame, identification);
  put16(frame, 0x4000);  // do not fragment
  put8(frame, 64);       // time to live
  put8(frame, kTcp);
  put16(frame, 0);  // checksum
  put32(frame, from.address);
  put32(frame, to.address);

  put16(frame, from.port);
  put16(frame, to.port);
  put32(frame, segment.sequence);
  put32(frame, segment.acknowledgement);
  put8(frame, 0);  // length of the header
  put8(frame, segment.flags);
  put16(frame, segment.window);
  put32(frame, 0);  // checksum, urgent pointer
  put_options(frame, segment);
  const std::size_t header = frame.size() - kTcpAt;
  frame[kTcpAt + 12] = static_cast<std::uint8_t>(header / 4 << 4);
  frame.insert(frame.end(), segment.payload, segment.payload + segment.bytes);

  set16(frame, kIpAt + 2, static_cast<unsigned>(frame.size() - kIpAt));
  set16(frame, kIpAt + 10, internet_checksum(internet_sum(&frame[kIpAt], kIpHeader)));
  // The pseudo header: both addresses, the protocol, the segment's length.
  const std::uint64_t pseudo = internet_sum(&frame[kIpAt + 12], 8) + kTcp + header + segment.bytes;
  set16(frame, kTcpAt + 16,
        internet_checksum(internet_sum(&frame[kTcpAt], frame.size() - kTcpAt, pseudo)));
}

}  // namespace copypath
