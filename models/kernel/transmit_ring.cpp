#include "models/kernel/transmit_ring.h"

namespace copypath {

TransmitRing::TransmitRing(unsigned size, CoherentMemory& memory, NicQueue& queue,
                           Connections& connections)
    : size_(size),
      memory_(memory),
      queue_(queue),
      connections_(connections),
      ring_(memory.allocate(length())),
      descriptors_(memory.at(ring_)),
      headers_(memory.allocate(kHeaderSlot * size)),
      sent_(size) {}

// ixgbe_tx_map()
void TransmitRing::post(const Packet& packet) {
  TxData descriptor;
  descriptor.payload = static_cast<std::uint32_t>(packet.bytes.count());
  descriptor.segment = packet.segment;
  descriptor.ip_checksum = descriptor.tcp_checksum = packet.checksum;
  descriptor.encrypt = packet.encrypt;
  descriptor.check_context = true;
  descriptor.address = headers_ + tail_ * kHeaderSlot.count();
  descriptor.bytes = static_cast<std::uint16_t>(kFrameHeaders.count());
  put_headers(packet, memory_.at(descriptor.address));
  queue_.records[tail_] = packet.record;
  const auto resync = static_cast<unsigned>(packet.resync == nullptr ? 0 : packet.resync->size());
  sent_[tail_] = {packet.skb, 1 + resync + packet.fragments};
  descriptor.encode(next({Place::kSocketBuffer, TxRole::kSend}));
  for (unsigned i = 0; i < resync; ++i) {
    descriptor.address = (*packet.resync)[i].address;
    descriptor.bytes = static_cast<std::uint16_t>((*packet.resync)[i].bytes);
    descriptor.encode(next({Place::kSocketBuffer, TxRole::kResync}));
  }
  const TxRole role = packet.again ? TxRole::kSendAgain : TxRole::kSend;
  const TxWord word = descriptor.word();
  std::uint8_t* const ring = descriptors_;
  TxUse* const uses = queue_.uses.data();
  const std::uint32_t size = size_;
  std::uint32_t at = tail_;
  std::uint8_t* last = nullptr;
  for (unsigned i = 0; i < packet.count; ++i) {
    const TxUse use{packet.pieces[i].place, role};
    for_each_fragment(packet.pieces[i], [&](const Segment& fragment) {
      last = ring + std::size_t{at} * kDescriptorBytes;
      uses[at] = use;
      word.encode(fragment.address, fragment.bytes, last);
      at = at + 1 == size ? 0 : at + 1;
    });
  }
  tail_ = at;
  used_ += packet.fragments;
  const TxPiece piece = TxPiece::decode(last);
  const TxWord end{piece.word.flags | TxWord::kEop.put(1) | TxWord::kRs.put(1)};
  end.encode(piece.address, 0, last);
}

/// What __tcp_transmit_skb() and ip_queue_xmit() have put in front of the payload, and what
/// ixgbe_tso() takes out again. The checksum of payload that a core has computed is filled in where
/// a frame is looked at: what it is over may be tags.
void TransmitRing::put_headers(const Packet& packet, std::uint8_t* to) const {
  packet.header.write(connections_, true, to);
  prepare_tcp_checksum(to, packet.segment);
  if (!packet.segment) complete_ip_checksum(to);
}

// ixgbe_clean_tx_irq()
bool TransmitRing::reclaim(Skb*& skb) {
  if (used_ == 0) return false;
  const Sent& sent = sent_[clean_];
  const unsigned last = (clean_ + sent.descriptors - 1) % size_;
  if (!tx_done(memory_.at(ring_ + last * kDescriptorBytes))) return false;
  skb = sent.skb;
  used_ -= sent.descriptors;
  clean_ = (last + 1) % size_;
  return true;
}

}  // namespace copypath
