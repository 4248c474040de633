// The bits of descriptors, one by one, as the datasheet of the Intel 82599 numbers them: what a
// driver writes the NIC reads, byte for byte, and every field stands where it belongs and nowhere
// else.
#include "models/nic/descriptor.h"

#include <gtest/gtest.h>

#include <cstring>

namespace copypath {
namespace {

using Words = std::array<std::uint64_t, 2>;

/// The two words of a descriptor, from its bytes in little-endian order.
template <typename Descriptor>
Words words(const Descriptor& descriptor) {
  std::array<std::uint8_t, kDescriptorBytes> bytes;
  bytes.fill(0xff);  // so that what is not written shows
  descriptor.encode(bytes.data());
  Words result{};
  for (unsigned i = 0; i < 16; ++i) result[i / 8] |= std::uint64_t{bytes[i]} << 8 * (i % 8);
  return result;
}

constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }

// DTYP 3 in bits 20 to 23, IFCS 25 and DEXT 29 are always there.
constexpr std::uint64_t kAlways = 3 * bit(20) | bit(25) | bit(29);

TEST(Descriptor, BytesAreLittleEndian) {
  TxData data;
  data.address = 0x0123456789abcdef;
  data.bytes = 0x1234;
  std::uint8_t bytes[16];
  data.encode(bytes);
  const std::uint8_t expected[16] = {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01,
                                     0x34, 0x12, 0x30, 0x22, 0,    0,    0,    0};
  EXPECT_EQ(std::memcmp(bytes, expected, 16), 0);
}

TEST(Descriptor, EveryBitOfATransmitDescriptor) {
  EXPECT_EQ(words(TxData()), (Words{0, kAlways}));
  const auto with = [](auto set) {
    TxData data;
    set(data);
    return words(data)[1] ^ kAlways;
  };
  EXPECT_EQ(with([](TxData& d) { d.bytes = 0xffff; }), 0xffffU) << "DTALEN";
  EXPECT_EQ(with([](TxData& d) { d.end_of_packet = true; }), bit(24)) << "EOP";
  EXPECT_EQ(with([](TxData& d) { d.report_status = true; }), bit(27)) << "RS";
  EXPECT_EQ(with([](TxData& d) { d.segment = true; }), bit(31)) << "TSE";
  EXPECT_EQ(with([](TxData& d) { d.done = true; }), bit(32)) << "STA.DD";
  EXPECT_EQ(with([](TxData& d) { d.check_context = true; }), bit(39)) << "CC";
  EXPECT_EQ(with([](TxData& d) { d.ip_checksum = true; }), bit(40)) << "IXSM";
  EXPECT_EQ(with([](TxData& d) { d.tcp_checksum = true; }), bit(41)) << "TXSM";
  EXPECT_EQ(with([](TxData& d) { d.encrypt = true; }), bit(42)) << "IPSEC";
  EXPECT_EQ(with([](TxData& d) { d.payload = 0x3ffff; }), 0x3ffff * bit(46)) << "PAYLEN";
}

TEST(Descriptor, WhatADriverWritesTheNicReads) {
  for (unsigned i = 0; i < 8; ++i) {
    TxData data;
    data.address = 0x1000'0000'0000 + i;
    data.bytes = static_cast<std::uint16_t>(1448 + i);
    data.payload = 65'160 - i;
    data.end_of_packet = data.encrypt = (i & 1) != 0;
    data.report_status = data.segment = data.tcp_checksum = (i & 2) != 0;
    data.ip_checksum = data.check_context = data.done = (i & 4) != 0;
    std::uint8_t bytes[16];
    data.encode(bytes);
    const TxData read = TxData::decode(bytes);
    EXPECT_EQ(words(read), words(data));
    EXPECT_EQ(read.address, data.address);
    EXPECT_EQ(read.bytes, data.bytes);
    EXPECT_EQ(read.payload, data.payload);
    EXPECT_EQ(read.end_of_packet, data.end_of_packet);
    EXPECT_EQ(read.segment, data.segment);
    EXPECT_FALSE(is_context(bytes));
  }
}

TEST(Descriptor, EveryFieldOfAContext) {
  const TxContext context{14, 20, 32, 1448};
  const Words expected{
      20 | 14 * bit(9),  // IPLEN, MACLEN
                         // TUCMD: IPv4 in bit 10, TCP (1) in 11; DTYP 2; DEXT; L4LEN; MSS
      bit(10) | bit(11) | 2 * bit(20) | bit(29) | 32 * bit(40) | 1448 * bit(48)};
  EXPECT_EQ(words(context), expected);
  std::uint8_t bytes[16];
  context.encode(bytes);
  EXPECT_TRUE(is_context(bytes));
  const TxContext read = TxContext::decode(bytes);
  EXPECT_EQ(words(read), expected);
  EXPECT_EQ(read.header_bytes(), 66U);
  EXPECT_EQ(read.segment_size, 1448);
}

TEST(Descriptor, WriteBackSetsDoneAndNothingElse) {
  const auto bytes = tx_write_back();
  EXPECT_TRUE(tx_done(bytes.data()));
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(bytes[i], i == 12 ? 1 : 0) << i;
  TxData data;
  data.payload = 65'160;
  std::uint8_t posted[16];
  data.encode(posted);
  EXPECT_FALSE(tx_done(posted)) << "a new one is not done";
}

TEST(Descriptor, EveryBitOfAReceivedOne) {
  EXPECT_EQ(words(RxRead{0x1000, 0x2080}), (Words{0x1000, 0x2080}));
  const Words none = words(RxWriteBack());
  EXPECT_EQ(none, (Words{1, 0})) << "RSS type: TCP over IPv4";
  const auto with = [&](auto set) {
    RxWriteBack back;
    set(back);
    const Words all = words(back);
    return Words{all[0] ^ none[0], all[1] ^ none[1]};
  };
  EXPECT_EQ(with([](RxWriteBack& b) { b.hash = 0xdeadbeef; }), (Words{0xdeadbeef * bit(32), 0}));
  EXPECT_EQ(with([](RxWriteBack& b) { b.header_bytes = 66; }), (Words{66 * bit(21) | bit(31), 0}));
  EXPECT_EQ(with([](RxWriteBack& b) { b.done = true; }), (Words{0, bit(0)})) << "DD";
  EXPECT_EQ(with([](RxWriteBack& b) { b.end_of_packet = true; }), (Words{0, bit(1)})) << "EOP";
  EXPECT_EQ(with([](RxWriteBack& b) { b.bytes = 0xffff; }), (Words{0, 0xffff * bit(32)}));
}

// The bit that says DD is the lowest one of the address of the buffer for headers, which is even.
TEST(Descriptor, ABufferThatIsLentIsNotDone) {
  std::uint8_t bytes[16];
  RxWriteBack back;
  back.hash = 7;
  back.bytes = 1448;
  back.header_bytes = 66;
  back.end_of_packet = back.done = true;
  back.encode(bytes);
  const RxWriteBack read = RxWriteBack::decode(bytes);
  EXPECT_EQ(words(read), words(back));
  EXPECT_TRUE(read.done);
  RxRead{0x10'0000, 0x20'0080}.encode(bytes);
  EXPECT_FALSE(RxWriteBack::decode(bytes).done);
  EXPECT_EQ(RxRead::decode(bytes).packet, 0x10'0000U);
  EXPECT_EQ(RxRead::decode(bytes).headers, 0x20'0080U);
}

}  // namespace
}  // namespace copypath
