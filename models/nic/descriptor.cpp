#include "models/nic/descriptor.h"

#include <endian.h>

#include <cstring>

namespace copypath {

namespace {

// Second word of a transmit descriptor (datasheet tables 7-31, 7-36, 7-38).
constexpr Field kDtalen = TxWord::kDtalen, kDtyp = TxWord::kDtyp, kEop = TxWord::kEop, kIfcs{25, 1},
                kRs = TxWord::kRs, kDext{29, 1}, kTse{31, 1}, kTxDd{32, 1}, kCc{39, 1},
                kIxsm{40, 1}, kTxsm{41, 1}, kIpsec{42, 1}, kPaylen{46, 18};
// A context: in its first word, and in its second.
constexpr Field kIplen{0, 9}, kMaclen{9, 7};
constexpr Field kIpv4{10, 1}, kTcp{11, 2}, kL4len{40, 8}, kMss{48, 16};
constexpr std::uint64_t kTcpType = 1;
// A receive descriptor that is written back.
constexpr Field kRssType{0, 4}, kHdrLen{21, 10}, kSph{31, 1}, kHash{32, 32};
constexpr Field kRxDd{0, 1}, kRxEop{1, 1}, kPktLen{32, 16};
constexpr std::uint64_t kRssTcpIpv4 = 1;

void store(std::uint64_t word, std::uint8_t* to) {
  word = htole64(word);
  std::memcpy(to, &word, sizeof word);
}

std::uint64_t load(const std::uint8_t* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return le64toh(word);
}

}  // namespace

TxWord TxData::word() const {
  return {kDtyp.put(TxWord::kData) | kEop.put(end_of_packet) | kIfcs.put(1) |
          kRs.put(report_status) | kDext.put(1) | kTse.put(segment) | kTxDd.put(done) |
          kCc.put(check_context) | kIxsm.put(ip_checksum) | kTxsm.put(tcp_checksum) |
          kIpsec.put(encrypt) | kPaylen.put(payload)};
}

TxData TxData::decode(const std::uint8_t* from) {
  const std::uint64_t word = load(from + 8);
  TxData data;
  data.address = load(from);
  data.bytes = static_cast<std::uint16_t>(kDtalen.of(word));
  data.payload = static_cast<std::uint32_t>(kPaylen.of(word));
  data.end_of_packet = kEop.of(word) != 0;
  data.report_status = kRs.of(word) != 0;
  data.segment = kTse.of(word) != 0;
  data.ip_checksum = kIxsm.of(word) != 0;
  data.tcp_checksum = kTxsm.of(word) != 0;
  data.encrypt = kIpsec.of(word) != 0;
  data.check_context = kCc.of(word) != 0;
  data.done = kTxDd.of(word) != 0;
  return data;
}

void TxContext::encode(std::uint8_t* to) const {
  store(kIplen.put(ip_bytes) | kMaclen.put(mac_bytes), to);
  store(kIpv4.put(1) | kTcp.put(kTcpType) | kDtyp.put(TxWord::kContext) | kDext.put(1) |
            kL4len.put(tcp_bytes) | kMss.put(segment_size),
        to + 8);
}

TxContext TxContext::decode(const std::uint8_t* from) {
  TxContext context;
  context.mac_bytes = static_cast<std::uint8_t>(kMaclen.of(load(from)));
  context.ip_bytes = static_cast<std::uint16_t>(kIplen.of(load(from)));
  context.tcp_bytes = static_cast<std::uint8_t>(kL4len.of(load(from + 8)));
  context.segment_size = static_cast<std::uint16_t>(kMss.of(load(from + 8)));
  return context;
}

bool is_context(const std::uint8_t* descriptor) {
  return kDtyp.of(load(descriptor + 8)) == TxWord::kContext;
}

std::array<std::uint8_t, kDescriptorBytes> tx_write_back() {
  std::array<std::uint8_t, kDescriptorBytes> bytes{};
  store(kTxDd.put(1), &bytes[8]);
  return bytes;
}

bool tx_done(const std::uint8_t* descriptor) { return kTxDd.of(load(descriptor + 8)) != 0; }

void RxRead::encode(std::uint8_t* to) const {
  store(packet, to);
  store(headers, to + 8);
}

RxRead RxRead::decode(const std::uint8_t* from) { return {load(from), load(from + 8)}; }

void RxWriteBack::encode(std::uint8_t* to) const {
  store(kRssType.put(kRssTcpIpv4) | kHdrLen.put(header_bytes) | kSph.put(header_bytes > 0) |
            kHash.put(hash),
        to);
  store(kRxDd.put(done) | kRxEop.put(end_of_packet) | kPktLen.put(bytes), to + 8);
}

RxWriteBack RxWriteBack::decode(const std::uint8_t* from) {
  const std::uint64_t first = load(from);
  const std::uint64_t second = load(from + 8);
  RxWriteBack back;
  back.hash = static_cast<std::uint32_t>(kHash.of(first));
  back.header_bytes = static_cast<std::uint16_t>(kSph.of(first) != 0 ? kHdrLen.of(first) : 0);
  back.bytes = static_cast<std::uint16_t>(kPktLen.of(second));
  back.end_of_packet = kRxEop.of(second) != 0;
  back.done = kRxDd.of(second) != 0;
  return back;
}

}  // namespace copypath
