// Laws of frames and their headers: every field stands where the RFCs say (read by rules of their
// own, captured.h), checksums are right, what is cut from a packet is what would have been sent
// frame by frame, and the numbers of a stream survive the 32 bits that they have in a header.
#include "models/nic/frame.h"

#include <gtest/gtest.h>

#include <random>

#include "models/nic/frame_header.h"
#include "testbench/tests/captured.h"
#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

Headers example() {
  Headers headers;
  headers.from = {0x0a000001, 80};
  headers.to = {0x0a010001, 40000};
  headers.identification = 0xfffe;
  headers.segment.sequence = 0xffffff00;
  headers.segment.acknowledgement = 7;
  headers.segment.flags = TcpSegment::kAck | TcpSegment::kPush;
  headers.segment.window = 512;
  headers.segment.timestamp = 1000;
  headers.segment.echo = 999;
  return headers;
}

std::vector<std::uint8_t> some_bytes(std::size_t n) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(InternetChecksum, IsThatOfTheExampleInRfc1071) {
  const std::uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(internet_sum(bytes, sizeof bytes)), 0x220d);  // ~0xddf2
  EXPECT_EQ(internet_checksum(internet_sum(bytes, 7)), static_cast<std::uint16_t>(~0xdcfb));
}

TEST(Frame, HasTheHeadersThatTheWireCounts) {
  const std::vector<std::uint8_t> payload{1, 2, 3};
  for (const std::uint8_t flags : {TcpSegment::kAck, TcpSegment::kSyn}) {
    Headers headers = example();
    headers.segment.flags = flags;
    headers.segment.payload = payload.data();
    headers.segment.bytes = payload.size();
    std::vector<std::uint8_t> frame;
    make_frame(headers, frame);
    const CapturedFrame read = parsed(frame.data(), frame.size());
    const bool opens = flags == TcpSegment::kSyn;  // with 8 bytes more: MSS, SACK, window scale
    EXPECT_EQ(Bytes(read.header), kFrameHeaders + Bytes(opens ? 8 : 0));
    EXPECT_EQ(read.payload, payload);
    EXPECT_EQ(read.sequence, 0xffffff00);
    EXPECT_EQ(read.acknowledgement, 7u);
    EXPECT_EQ(read.flags, flags);
    EXPECT_EQ(read.window, 512u);
    EXPECT_EQ(std::make_tuple(read.from, read.from_port), std::make_tuple(0x0a000001u, 80));
    EXPECT_EQ(std::make_tuple(read.to, read.to_port), std::make_tuple(0x0a010001u, 40000));
  }
}

TEST(Frame, WhatIsWrittenIsRead) {
  for (unsigned blocks = 0; blocks <= 3; ++blocks) {
    Headers headers = example();
    headers.segment.sack_blocks = blocks;
    for (unsigned i = 0; i < 2 * blocks; ++i) headers.segment.sack[i] = 100 * (i + 1);
    headers.segment.bytes = 1000;
    std::array<std::uint8_t, kLargestHeaders.count()> bytes{};
    headers.encode(bytes.data());
    EXPECT_EQ(Bytes(headers.size()), kFrameHeaders + Bytes(blocks == 0 ? 0 : 4 + 8 * blocks));
    const Headers read = Headers::decode(bytes.data());
    EXPECT_EQ(read.from.address, headers.from.address);
    EXPECT_EQ(read.to.port, headers.to.port);
    EXPECT_EQ(read.identification, headers.identification);
    EXPECT_EQ(read.segment.sequence, headers.segment.sequence);
    EXPECT_EQ(read.segment.acknowledgement, headers.segment.acknowledgement);
    EXPECT_EQ(read.segment.flags, headers.segment.flags);
    EXPECT_EQ(read.segment.window, headers.segment.window);
    EXPECT_EQ(read.segment.timestamp, headers.segment.timestamp);
    EXPECT_EQ(read.segment.echo, headers.segment.echo);
    EXPECT_EQ(read.segment.bytes, headers.segment.bytes);
    EXPECT_EQ(read.segment.sack_blocks, blocks);
    EXPECT_EQ(read.segment.sack, headers.segment.sack);
    EXPECT_EQ(read.size(), headers.size());
  }
}

// A packet of three segments and a bit, over the ends of sequence and identification.
TEST(Frame, CutFramesAreThoseThatWouldHaveBeenSentOneByOne) {
  const std::vector<std::uint8_t> payload = some_bytes(3 * 1448 + 5);
  Headers packet = example();
  packet.segment.flags |= TcpSegment::kFin;
  packet.segment.bytes = payload.size();
  std::array<std::uint8_t, kFrameHeaders.count()> prototype;
  packet.encode(prototype.data());
  prepare_tcp_checksum(prototype.data(), true);
  unsigned number = 0;
  for (std::size_t at = 0; at < payload.size(); at += 1448, ++number) {
    const std::size_t n = std::min<std::size_t>(1448, payload.size() - at);
    const bool last = at + n == payload.size();
    std::array<std::uint8_t, kFrameHeaders.count()> cut = prototype;
    cut_headers(cut.data(), {number, static_cast<std::uint32_t>(at), n, last});
    complete_ip_checksum(cut.data());
    complete_tcp_checksum(cut.data(), &payload[at], n);
    Headers alone = packet;
    alone.identification = static_cast<std::uint16_t>(packet.identification + number);
    alone.segment.sequence += static_cast<std::uint32_t>(at);
    alone.segment.flags = TcpSegment::kAck;
    if (last) alone.segment.flags |= TcpSegment::kPush | TcpSegment::kFin;
    alone.segment.payload = &payload[at];
    alone.segment.bytes = n;
    std::vector<std::uint8_t> frame;
    make_frame(alone, frame);
    EXPECT_TRUE(std::equal(cut.begin(), cut.end(), frame.begin())) << number;
  }
}

// What a NIC does that computes the checksum: it adds the payload to what the driver has left.
TEST(Frame, ThePreparedChecksumIsThatOfThePseudoHeader) {
  const std::vector<std::uint8_t> payload = some_bytes(1000);
  Headers headers = example();
  headers.segment.bytes = payload.size();
  std::array<std::uint8_t, kFrameHeaders.count()> bytes;
  headers.encode(bytes.data());
  prepare_tcp_checksum(bytes.data(), false);
  const std::uint64_t sum = internet_sum(&bytes[34], bytes.size() - 34);
  const std::uint16_t found = internet_checksum(internet_sum(payload.data(), payload.size(), sum));
  complete_tcp_checksum(bytes.data(), payload.data(), payload.size());
  EXPECT_EQ(found, bytes[50] * 256 + bytes[51]);
}

TEST(FrameHeader, NumbersAreCompletedByTheirNeighbours) {
  constexpr std::uint64_t kTurn = std::uint64_t{1} << 32;
  EXPECT_EQ(extended(5, 0), 5U);
  EXPECT_EQ(extended(5, kTurn - 10), kTurn + 5);
  EXPECT_EQ(extended(kTurn - 10, kTurn + 5), kTurn - 10);
  EXPECT_EQ(extended(7, 3 * kTurn + (kTurn / 2)), 3 * kTurn + 7);
  EXPECT_EQ(extended(7, 3 * kTurn + (kTurn / 2) + 8), 4 * kTurn + 7);
}

TEST(FrameHeader, SaysWhatItWasGiven) {
  Addressing addressing;
  addressing.clients = 100;
  Connections connections(addressing);
  for (const std::uint32_t connection : {0U, 99U, 100U, 30'000U}) {
    for (const bool from_server : {false, true}) {
      FrameHeader header;
      header.connection = connection;
      header.sequence = 0x1'8000'0000;
      header.acknowledgement = 0xffff'fff0;
      header.push = true;
      header.payload = Bytes(1000);
      header.sack.count = 1;
      header.sack.blocks[0] = {0x1'0000'0010, 0x1'0000'0100};
      std::array<std::uint8_t, kLargestHeaders.count()> bytes{};
      const std::size_t size = header.write(connections, from_server, bytes.data());
      const FrameHeader read = FrameHeader::read(bytes.data(), connections, from_server);
      EXPECT_EQ(size, Headers::decode(bytes.data()).size());
      EXPECT_EQ(read.connection, connection);
      EXPECT_EQ(extended(read.sequence, header.sequence - 1000), header.sequence);
      EXPECT_EQ(extended(read.acknowledgement, header.acknowledgement + 5), header.acknowledgement);
      EXPECT_EQ(extended(read.sack.blocks[0].end, header.acknowledgement), 0x1'0000'0100U);
      EXPECT_TRUE(read.push);
      EXPECT_EQ(read.payload, Bytes(1000));
      const bool asks = !from_server && connection < 100;
      EXPECT_EQ(read.kind, asks ? Packet::Kind::kRequest : Packet::Kind::kData);
    }
  }
}

// Whichever is asked for first, clients and origins.
TEST(Connections, EachHasItsAddressesNumbersAndHash) {
  Addressing addressing;
  addressing.clients = 4;
  Connections connections(addressing);
  for (const std::uint32_t number : {5U, 0U, 3U}) {
    const Connections::Connection& connection = connections[number];
    EXPECT_EQ(connection.hash, toeplitz_hash(addressing.received(number)));
    for (const bool of_server : {false, true}) {
      const Endpoint server = addressing.server(number);
      const Endpoint peer = addressing.peer(number);
      const Connections::Way& way = connection.way(of_server);
      EXPECT_EQ(way.initial, addressing.initial(number, of_server));
      const Headers read = Headers::decode(way.headers.data());
      EXPECT_EQ(read.from.address, (of_server ? server : peer).address);
      EXPECT_EQ(read.from.port, (of_server ? server : peer).port);
      EXPECT_EQ(read.to.address, (of_server ? peer : server).address);
      EXPECT_EQ(read.to.port, (of_server ? peer : server).port);
    }
  }
}

// ---- What the kernel writes for the NIC.

class HeadersTest : public KernelTest {
protected:
  /// Two packets, the second one after an acknowledgement and a request.
  void send_two() {
    config_.workload.file_size = Bytes(1'000'000);
    TcpSocket& socket = bench().add_socket();
    spawn_task([&](Task& task) {
      socket.send(task, bench().buffer(0, 0, 10'000));
      task.spend(milliseconds(5));
      task.settle();
      socket.take_request();
      socket.send(task, bench().buffer(0, 10'000, 1000));
    });
    run();
  }
  const std::vector<Peer::Arrival>& arrivals() { return bench().peer.arrivals; }
  static Headers headers(const Peer::Arrival& arrival) {
    return Headers::decode(arrival.headers.data());
  }
};

TEST_F(HeadersTest, NumbersFollowTheStream) {
  send_two();
  ASSERT_EQ(arrivals().size(), 2U);
  const Headers first = headers(arrivals()[0]);
  const Headers second = headers(arrivals()[1]);
  EXPECT_EQ(first.from.address, 0x0a000001U);
  EXPECT_EQ(first.to.address, 0x0a010001U);
  EXPECT_EQ(first.segment.flags, TcpSegment::kAck | TcpSegment::kPush);
  EXPECT_EQ(second.segment.sequence - first.segment.sequence, 10'000U);
  EXPECT_EQ(second.segment.acknowledgement - first.segment.acknowledgement, kRequestText.count());
  EXPECT_EQ(second.identification - first.identification, 7) << "one for each frame";
  EXPECT_EQ(second.segment.timestamp - first.segment.timestamp, 5U) << "milliseconds";
  EXPECT_EQ(first.segment.window, 0xc000) << "6 MiB, shifted by 7";
}

TEST_F(HeadersTest, AFrameThatIsNotCutIsComplete) {
  send_two();
  EXPECT_EQ(headers(arrivals()[0]).segment.bytes, 10'000U);
  EXPECT_EQ(headers(arrivals()[1]).segment.bytes, 1000U);
  EXPECT_EQ(folded_sum(&arrivals()[1].headers[14], 20, 0), 0xffffU) << "IP's checksum";
}

}  // namespace
}  // namespace copypath
