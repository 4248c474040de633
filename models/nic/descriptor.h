// The descriptors of an Intel 82599 as they lie in memory: 16 bytes, little-endian, two words of 64
// bits. Transmit: advanced data and context descriptors (datasheet 7.2.3.2.4 and 7.2.3.2.3) and
// what the NIC writes back over the last one of a packet. Receive: the advanced formats for reading
// and writing back (7.1.6.1, 7.1.6.2), with the headers of a frame in a buffer of their own. Left
// out: legacy descriptors, VLAN, FCoE, IPsec (whose bit asks for TLS here), timestamps, errors.
#pragma once

#include <endian.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace copypath {

constexpr std::uint32_t kDescriptorBytes = 16;

/// Bits [low, low + width) of a word.
struct Field {
  unsigned low;
  unsigned width;

  constexpr std::uint64_t mask() const { return (std::uint64_t{1} << width) - 1; }
  constexpr std::uint64_t of(std::uint64_t word) const { return word >> low & mask(); }
  constexpr std::uint64_t put(std::uint64_t value) const { return (value & mask()) << low; }
};

/// What the pieces of a packet have in common: the second word of their descriptors, without
/// DTALEN.
struct TxWord {
  static constexpr Field kDtalen{0, 16}, kDtyp{20, 4}, kEop{24, 1}, kRs{27, 1};
  static constexpr std::uint64_t kData = 3, kContext = 2;  ///< DTYP

  std::uint64_t flags;

  /// The descriptor of the piece that lies there.
  void encode(std::uint64_t address, std::uint32_t bytes, std::uint8_t* to) const {
    const std::array<std::uint64_t, 2> words{htole64(address), htole64(flags | kDtalen.put(bytes))};
    std::memcpy(to, words.data(), kDescriptorBytes);
  }
};

/// A piece of a packet to be sent.
struct TxData {
  std::uint64_t address = 0;
  std::uint16_t bytes = 0;     ///< DTALEN, of this piece
  std::uint32_t payload = 0;   ///< PAYLEN, of the packet, without its headers; 18 bits
  bool end_of_packet = false;  ///< DCMD.EOP
  bool report_status = false;  ///< DCMD.RS: to be written back when the packet has been sent
  bool segment = false;        ///< DCMD.TSE: to be cut into frames as the context says
  bool ip_checksum = false;    ///< POPTS.IXSM
  bool tcp_checksum = false;   ///< POPTS.TXSM
  bool encrypt = false;        ///< POPTS.IPSEC, for TLS: with the key of the connection
  bool check_context = false;  ///< CC: a context applies
  bool done = false;           ///< STA.DD, written by the NIC

  void encode(std::uint8_t* to) const { word().encode(address, bytes, to); }
  TxWord word() const;
  static TxData decode(const std::uint8_t* from);
};

/// What goes for all packets that refer to it: the lengths of headers, and of the payload of
/// frames.
struct TxContext {
  std::uint8_t mac_bytes = 0;      ///< MACLEN, 7 bits
  std::uint16_t ip_bytes = 0;      ///< IPLEN, 9 bits
  std::uint8_t tcp_bytes = 0;      ///< L4LEN
  std::uint16_t segment_size = 0;  ///< MSS

  std::uint32_t header_bytes() const { return 0U + mac_bytes + ip_bytes + tcp_bytes; }
  void encode(std::uint8_t* to) const;
  static TxContext decode(const std::uint8_t* from);
};

/// What the NIC needs of the descriptors that follow the first one of a packet.
struct TxPiece {
  std::uint64_t address;
  TxWord word;

  std::uint32_t bytes() const { return static_cast<std::uint32_t>(TxWord::kDtalen.of(word.flags)); }
  bool end_of_packet() const { return TxWord::kEop.of(word.flags) != 0; }
  bool report_status() const { return TxWord::kRs.of(word.flags) != 0; }

  static TxPiece decode(const std::uint8_t* from) {
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), from, kDescriptorBytes);
    return {le64toh(words[0]), {le64toh(words[1])}};
  }
};

/// Whether a transmit descriptor is a context (DTYP).
bool is_context(const std::uint8_t* descriptor);
/// Whether it is the last one of a packet (DCMD.EOP).
inline bool ends_packet(const std::uint8_t* descriptor) {
  std::uint64_t word = 0;
  std::memcpy(&word, descriptor + sizeof word, sizeof word);
  constexpr std::uint64_t kMask = TxWord::kDtyp.put(~std::uint64_t{0}) | TxWord::kEop.put(1);
  constexpr std::uint64_t kEnd = TxWord::kDtyp.put(TxWord::kData) | TxWord::kEop.put(1);
  return (le64toh(word) & kMask) == kEnd;
}

/// What the NIC leaves of a transmit descriptor whose packet it has sent.
std::array<std::uint8_t, kDescriptorBytes> tx_write_back();
/// STA.DD of a transmit descriptor in memory.
bool tx_done(const std::uint8_t* descriptor);

/// Where a received frame may go.
struct RxRead {
  std::uint64_t packet = 0;   ///< address of the buffer for payload, even
  std::uint64_t headers = 0;  ///< address of the buffer for headers, even

  void encode(std::uint8_t* to) const;  ///< clears what the NIC wrote there
  static RxRead decode(const std::uint8_t* from);
};

/// What the NIC says about the buffer that it has filled.
struct RxWriteBack {
  std::uint32_t hash = 0;          ///< RSS hash of addresses and ports
  std::uint16_t bytes = 0;         ///< PKT_LEN, in the buffer for payload
  std::uint16_t header_bytes = 0;  ///< HDR_LEN, 10 bits; 0: none in this buffer (SPH)
  bool end_of_packet = false;      ///< EOP
  bool done = false;               ///< DD

  void encode(std::uint8_t* to) const;
  static RxWriteBack decode(const std::uint8_t* from);
};

}  // namespace copypath
