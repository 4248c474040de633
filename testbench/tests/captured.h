// What a packet capture says, read with libpcap and taken apart by its own rules: every frame has
// to be well formed, in the order of time, with right checksums, and every stream without gap,
// overlap or repetition. Knows nothing of how the capture was made.
#pragma once

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace copypath {

struct CapturedFrame {
  std::uint64_t nanoseconds;
  std::uint32_t from, to;  ///< addresses
  std::uint16_t from_port, to_port;
  std::uint32_t sequence, acknowledgement;
  std::uint16_t identification;
  unsigned flags;
  unsigned window;
  unsigned header;  ///< bytes in front of the payload
  std::vector<std::uint8_t> payload;

  bool has(unsigned flag) const { return (flags & flag) != 0; }
  /// One direction of a connection.
  using Flow = std::tuple<std::uint32_t, std::uint16_t, std::uint32_t, std::uint16_t>;
  Flow flow() const { return {from, from_port, to, to_port}; }
  Flow reverse() const { return {to, to_port, from, from_port}; }
};

inline constexpr unsigned kFin = 1, kSyn = 2, kReset = 4, kAck = 16;

/// The ones' complement sum; 0xffff if a checksum within is right.
inline unsigned folded_sum(const std::uint8_t* bytes, std::size_t n, unsigned sum) {
  for (std::size_t i = 0; i < n; ++i) sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return sum;
}

inline CapturedFrame parsed(const std::uint8_t* frame, std::size_t n) {
  const auto u16 = [&](std::size_t at) { return frame[at] * 256U + frame[at + 1]; };
  const auto u32 = [&](std::size_t at) { return u16(at) << 16 | u16(at + 2); };
  CapturedFrame result{};
  EXPECT_GE(n, 66u);
  EXPECT_EQ(u16(12), 0x0800u);  // IPv4
  EXPECT_EQ(frame[14], 0x45);   // a header of 20 bytes
  EXPECT_EQ(u16(16), n - 14);   // total length
  EXPECT_EQ(frame[23], 6);      // TCP
  EXPECT_EQ(folded_sum(frame + 14, 20, 0), 0xffffu) << "IP checksum";
  const std::size_t segment = n - 34;
  const unsigned pseudo = folded_sum(frame + 26, 8, static_cast<unsigned>(6 + segment));
  EXPECT_EQ(folded_sum(frame + 34, segment, pseudo), 0xffffu) << "TCP checksum";
  result.from = u32(26);
  result.to = u32(30);
  result.from_port = static_cast<std::uint16_t>(u16(34));
  result.to_port = static_cast<std::uint16_t>(u16(36));
  result.identification = static_cast<std::uint16_t>(u16(18));
  result.sequence = u32(38);
  result.acknowledgement = u32(42);
  result.flags = frame[47];
  result.window = u16(48);
  result.header = 34 + frame[46] / 16 * 4U;
  result.payload.assign(frame + result.header, frame + n);
  return result;
}

inline std::vector<CapturedFrame> read_capture(const std::string& file) {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* handle =
      pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_NANO, error);
  EXPECT_NE(handle, nullptr) << error;
  std::vector<CapturedFrame> frames;
  if (handle == nullptr) return frames;
  EXPECT_EQ(pcap_datalink(handle), DLT_EN10MB);
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int status = 0;
  std::uint64_t last = 0;
  while ((status = pcap_next_ex(handle, &header, &bytes)) == 1) {
    EXPECT_EQ(header->caplen, header->len);
    frames.push_back(parsed(bytes, header->caplen));
    frames.back().nanoseconds = static_cast<std::uint64_t>(header->ts.tv_sec) * 1'000'000'000 +
                                static_cast<std::uint64_t>(header->ts.tv_usec);
    EXPECT_GE(frames.back().nanoseconds, last) << "frame " << frames.size();
    last = frames.back().nanoseconds;
  }
  EXPECT_EQ(status, PCAP_ERROR_BREAK) << "the capture is cut off";
  pcap_close(handle);
  return frames;
}

/// The streams of a capture in which nothing was lost, by direction. Each begins with SYN and ends
/// with FIN, and every acknowledgement is of bytes that have been sent.
inline std::map<CapturedFrame::Flow, std::vector<std::uint8_t>> streams_of(
    const std::vector<CapturedFrame>& frames) {
  std::map<CapturedFrame::Flow, std::vector<std::uint8_t>> streams;
  std::map<CapturedFrame::Flow, std::uint32_t> next;  // sequence number
  for (std::size_t i = 0; i < frames.size(); ++i) {
    SCOPED_TRACE("frame " + std::to_string(i + 1));
    const CapturedFrame& frame = frames[i];
    if (frame.has(kSyn)) {
      EXPECT_EQ(next.count(frame.flow()), 0u);
      next[frame.flow()] = frame.sequence;
    }
    EXPECT_EQ(next.count(frame.flow()), 1u) << "before its SYN";
    EXPECT_EQ(frame.sequence, next[frame.flow()]) << "gap, overlap or repetition";
    if (frame.has(kAck)) {
      EXPECT_EQ(next.count(frame.reverse()), 1u);
      EXPECT_LE(static_cast<std::int32_t>(frame.acknowledgement - next[frame.reverse()]), 0);
    }
    next[frame.flow()] += static_cast<std::uint32_t>(frame.payload.size()) +
                          (frame.has(kSyn) || frame.has(kFin) ? 1 : 0);
    auto& stream = streams[frame.flow()];
    stream.insert(stream.end(), frame.payload.begin(), frame.payload.end());
    if (::testing::Test::HasFailure()) break;
  }
  return streams;
}

}  // namespace copypath
