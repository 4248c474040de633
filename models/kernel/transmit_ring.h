// The driver's side of a transmit queue: the ring of descriptors and the headers of packets in
// coherent memory, and beside it what only the driver knows, which skb a descriptor belongs to
// (ixgbe's tx_buffer_info). Packets that have been sent are found by looking at the descriptors, in
// which the NIC has set DD.
#pragma once

#include <vector>

#include "models/kernel/skb.h"
#include "models/nic/descriptor.h"
#include "models/nic/frame_header.h"
#include "models/nic/queues.h"

namespace copypath {

class TransmitRing {
public:
  /// A packet for the ring: what its headers say, where its payload lies, and how to send it.
  struct Packet {
    FrameHeader header;
    std::uint64_t record = 0;  ///< of what is sent again, that of TLS in which it begins
    Bytes bytes;
    const Fragment* pieces = nullptr;
    unsigned count = 0;                   ///< of pieces
    unsigned fragments = 0;               ///< in them
    bool again = false;                   ///< it was sent before
    const SegmentList* resync = nullptr;  ///< what the NIC has to read first, to encrypt it again
    Skb* skb = nullptr;                   ///< whose last packet it is
    bool segment = false;
    bool checksum = false;
    bool encrypt = false;
  };

  TransmitRing(unsigned size, CoherentMemory& memory, NicQueue& queue, Connections& connections);

  std::uint64_t address() const { return ring_; }
  Bytes length() const { return Bytes(size_ * std::uint64_t{kDescriptorBytes}); }
  std::uint32_t tail() const { return tail_; }

  /// Whether a packet of so many fragments fits: a descriptor for its headers and one for each,
  /// and one stays empty, so that a full ring differs from an empty one.
  bool has_room(unsigned fragments) const { return used_ + 1 + fragments < size_; }
  void post(const Packet& packet);

  /// Whether the oldest packet has been sent. Frees its descriptors; `skb` is the one that it was
  /// the last packet of, or nullptr.
  bool reclaim(Skb*& skb);

private:
  struct Sent {
    Skb* skb;
    unsigned descriptors;
  };

  void put_headers(const Packet& packet, std::uint8_t* to) const;
  /// The descriptor at the tail, which moves on.
  std::uint8_t* next(TxUse use) {
    std::uint8_t* const descriptor = descriptors_ + std::size_t{tail_} * kDescriptorBytes;
    queue_.uses[tail_] = use;
    tail_ = tail_ + 1 == size_ ? 0 : tail_ + 1;
    ++used_;
    return descriptor;
  }

  unsigned size_;
  CoherentMemory& memory_;
  NicQueue& queue_;
  Connections& connections_;
  std::uint64_t ring_;
  std::uint8_t* descriptors_;  // the ring's memory
  std::uint64_t headers_;
  std::vector<Sent> sent_;  // by the first descriptor of a packet
  unsigned clean_ = 0;      // the first descriptor not reclaimed
  unsigned used_ = 0;       // from there on
  std::uint32_t tail_ = 0;
};

}  // namespace copypath
