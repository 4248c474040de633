#include "models/nic/frame.h"

#include <endian.h>

#include <algorithm>
#include <cstring>

namespace copypath {

namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::size_t kIpAt = 14;
constexpr std::size_t kIpHeader = 20;
constexpr std::size_t kLengthAt = kIpAt + 2;
constexpr std::size_t kIdentificationAt = kIpAt + 4;
constexpr std::size_t kIpChecksumAt = kIpAt + 10;
constexpr std::size_t kAddressesAt = kIpAt + 12;
constexpr std::size_t kTcpAt = kIpAt + kIpHeader;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kSequenceAt = kTcpAt + 4;
constexpr std::size_t kFlagsAt = kTcpAt + 13;
constexpr std::size_t kTcpChecksumAt = kTcpAt + 16;
constexpr std::size_t kTimestamps = 12;
constexpr std::size_t kOptionsAt = kTcpAt + kTcpHeader;

inline void set16(std::uint8_t* at, unsigned value) {
  const std::uint16_t bytes = htobe16(static_cast<std::uint16_t>(value));
  std::memcpy(at, &bytes, sizeof bytes);
}
inline void set32(std::uint8_t* at, std::uint32_t value) {
  value = htobe32(value);
  std::memcpy(at, &value, sizeof value);
}
inline unsigned get16(const std::uint8_t* at) {
  std::uint16_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return be16toh(bytes);
}
inline std::uint32_t get32(const std::uint8_t* at) {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return be32toh(bytes);
}

/// Writes one field after the other.
class Writer {
public:
  explicit Writer(std::uint8_t* at) : at_(at) {}

  Writer& put8(unsigned value) {
    *at_++ = static_cast<std::uint8_t>(value);
    return *this;
  }
  Writer& put16(unsigned value) {
    set16(at_, value);
    at_ += 2;
    return *this;
  }
  Writer& put32(std::uint32_t value) {
    set32(at_, value);
    at_ += 4;
    return *this;
  }
  Writer& put_mac(const Endpoint& endpoint) {
    return put16(0x0200).put32(endpoint.address);  // locally administered
  }

private:
  std::uint8_t* at_;
};

void put_options(Writer& writer, const TcpSegment& segment) {
  const bool opens = (segment.flags & TcpSegment::kSyn) != 0;
  if (opens) {
    writer.put16(0x0204).put16(segment.segment_size);  // maximum segment size
    writer.put16(0x0402);                              // SACK permitted
  } else {
    writer.put16(0x0101);  // two times nothing
  }
  writer.put16(0x080a).put32(segment.timestamp).put32(segment.echo);  // timestamps
  if (segment.sack_blocks > 0) {
    writer.put16(0x0101).put8(5).put8(2 + 8 * segment.sack_blocks);
    for (unsigned i = 0; i < 2 * segment.sack_blocks; ++i) writer.put32(segment.sack[i]);
  }
  if (opens) writer.put8(1).put16(0x0303).put8(segment.window_scale);
}

std::size_t tcp_header(const TcpSegment& segment) {
  const bool opens = (segment.flags & TcpSegment::kSyn) != 0;
  const std::size_t sack = segment.sack_blocks == 0 ? 0 : 4 + 8 * segment.sack_blocks;
  return kTcpHeader + kTimestamps + sack + (opens ? 8 : 0);
}

/// Of the pseudo header: both addresses, the protocol, the segment's length.
std::uint64_t pseudo_sum(const std::uint8_t* headers, std::size_t length) {
  return internet_sum(headers + kAddressesAt, 8) + kTcp + length;
}

}  // namespace

std::size_t Headers::size() const { return kTcpAt + tcp_header(segment); }

HeaderPrototype prototype_of(const Endpoint& from, const Endpoint& to) {
  HeaderPrototype bytes{};
  Writer writer(bytes.data());
  writer.put_mac(to).put_mac(from).put16(0x0800);  // IPv4
  writer.put16(0x4500).put32(0).put16(0x4000);     // version, do not fragment
  writer.put8(64).put8(kTcp).put16(0);             // time to live, protocol
  writer.put32(from.address).put32(to.address);
  writer.put16(from.port).put16(to.port);
  Writer options(&bytes[kOptionsAt]);
  put_options(options, TcpSegment());
  return bytes;
}

std::size_t write_headers(const HeaderPrototype& prototype, std::uint16_t identification,
                          const TcpSegment& segment, std::uint8_t* to) {
  std::memcpy(to, prototype.data(), prototype.size());
  const std::size_t header = tcp_header(segment);
  set16(to + kLengthAt, static_cast<unsigned>(kIpHeader + header + segment.bytes));
  set16(to + kIdentificationAt, identification);
  set32(to + kSequenceAt, segment.sequence);
  set32(to + kSequenceAt + 4, segment.acknowledgement);
  to[kFlagsAt - 1] = static_cast<std::uint8_t>(header / 4 << 4);
  to[kFlagsAt] = segment.flags;
  set16(to + kFlagsAt + 1, segment.window);
  if (header == kTcpHeader + kTimestamps) {
    set32(to + kOptionsAt + 4, segment.timestamp);
    set32(to + kOptionsAt + 8, segment.echo);
  } else {
    Writer options(to + kOptionsAt);
    put_options(options, segment);
  }
  return kTcpAt + header;
}

void Headers::encode(std::uint8_t* to_bytes) const {
  write_headers(prototype_of(from, to), identification, segment, to_bytes);
}

Headers Headers::decode(const std::uint8_t* from) {
  Headers headers;
  headers.from = {get32(from + kAddressesAt), static_cast<std::uint16_t>(get16(from + kTcpAt))};
  headers.to = {get32(from + kAddressesAt + 4),
                static_cast<std::uint16_t>(get16(from + kTcpAt + 2))};
  headers.identification = static_cast<std::uint16_t>(get16(from + kIdentificationAt));
  TcpSegment& segment = headers.segment;
  segment.sequence = get32(from + kSequenceAt);
  segment.acknowledgement = get32(from + kSequenceAt + 4);
  segment.flags = from[kFlagsAt];
  segment.window = static_cast<std::uint16_t>(get16(from + kFlagsAt + 1));
  const std::uint8_t* const options = from + kOptionsAt;
  segment.timestamp = get32(options + 4);
  segment.echo = get32(options + 8);
  const std::size_t header = std::size_t{from[kTcpAt + 12]} / 16 * 4;
  if (header > kTcpHeader + kTimestamps) {
    segment.sack_blocks = static_cast<unsigned>(header - kTcpHeader - kTimestamps - 4) / 8;
    for (unsigned i = 0; i < 2 * segment.sack_blocks; ++i) {
      segment.sack[i] = get32(options + kTimestamps + 4 + 4 * std::size_t{i});
    }
  }
  const unsigned length = get16(from + kLengthAt);
  segment.bytes = length == 0 ? 0 : length - kIpHeader - header;  // 0: still to be cut
  return headers;
}

void cut_headers(std::uint8_t* headers, const Cut& cut) {
  const std::size_t header = std::size_t{headers[kTcpAt + 12]} / 16 * 4;
  set16(headers + kLengthAt, static_cast<unsigned>(kIpHeader + header + cut.bytes));
  set16(headers + kIdentificationAt, get16(headers + kIdentificationAt) + cut.number);
  set32(headers + kSequenceAt, get32(headers + kSequenceAt) + cut.offset);
  if (!cut.last) {
    headers[kFlagsAt] &= static_cast<std::uint8_t>(~(TcpSegment::kPush | TcpSegment::kFin));
  }
}

void complete_ip_checksum(std::uint8_t* headers) {
  set16(headers + kIpChecksumAt, 0);
  set16(headers + kIpChecksumAt, internet_checksum(internet_sum(headers + kIpAt, kIpHeader)));
}

void complete_tcp_checksum(std::uint8_t* headers, const std::uint8_t* payload, std::size_t n) {
  const std::size_t header = std::size_t{headers[kTcpAt + 12]} / 16 * 4;
  set16(headers + kTcpChecksumAt, 0);
  const std::uint64_t sum = internet_sum(headers + kTcpAt, header, pseudo_sum(headers, header + n));
  set16(headers + kTcpChecksumAt, internet_checksum(internet_sum(payload, n, sum)));
}

void prepare_tcp_checksum(std::uint8_t* headers, bool segmented) {
  const std::size_t length = segmented ? 0 : get16(headers + kLengthAt) - kIpHeader;
  const auto checksum = internet_checksum(pseudo_sum(headers, length));
  set16(headers + kTcpChecksumAt, static_cast<std::uint16_t>(~checksum));
}

void make_frame(const Headers& headers, std::vector<std::uint8_t>& frame) {
  const TcpSegment& segment = headers.segment;
  frame.resize(headers.size());
  headers.encode(frame.data());
  complete_ip_checksum(frame.data());
  complete_tcp_checksum(frame.data(), segment.payload, segment.bytes);
  frame.insert(frame.end(), segment.payload, segment.payload + segment.bytes);
}

std::uint8_t window_scale(Bytes window) {
  constexpr std::uint64_t kLargest = 0xffff;
  std::uint8_t scale = 0;
  while (scale < 14 && window.count() > kLargest << scale) ++scale;
  return scale;
}

std::uint16_t scaled_window(Bytes window) {
  constexpr std::uint64_t kLargest = 0xffff;
  return static_cast<std::uint16_t>(std::min(kLargest, window.count() >> window_scale(window)));
}

std::uint64_t internet_sum(const std::uint8_t* bytes, std::size_t n, std::uint64_t sum) {
  // Words of 32 bits, which are folded as those of 16 bits are.
  for (; n > 3; n -= 4, bytes += 4) sum += get32(bytes);
  for (; n > 1; n -= 2, bytes += 2) sum += get16(bytes);
  return n == 1 ? sum + (static_cast<std::uint64_t>(bytes[0]) << 8) : sum;
}

std::uint16_t internet_checksum(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace copypath
