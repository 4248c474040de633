// The driver of a pair of rings: brings it up, posts packets, serves its interrupts.
#include <algorithm>

#include "models/kernel/net_device.h"
#include "models/kernel/tcp_socket.h"

namespace copypath {

NetDevice::Queue::Queue(NetDevice& device, unsigned number, NicQueues& shared,
                        CoherentMemory& memory)
    : device_(device),
      number_(number),
      transmit_ring_(device.config_.ring, memory, shared.queues[number], shared.connections),
      receive_ring_(
          device.config_, memory, device.skbs_, device.receivers_, shared.connections,
          [this](const FrameHeader& header) { take(header); },
          [this] {
            if (device_.open_) device_.write(at(reg::kReceiveTail), receive_ring_.tail());
          }) {}

std::uint64_t NetDevice::Queue::at(std::uint64_t address) const {
  return address + number_ * reg::kQueueRegisters;
}

// ixgbe_configure_tx_ring() and ixgbe_configure_rx_ring()
void NetDevice::Queue::open() {
  const auto length = [](Bytes bytes) { return static_cast<std::uint32_t>(bytes.count()); };
  device_.write(at(reg::kTransmitBase), transmit_ring_.address());
  device_.write(at(reg::kTransmitLength), length(transmit_ring_.length()));
  device_.write(at(reg::kReceiveBase), receive_ring_.address());
  device_.write(at(reg::kReceiveLength), length(receive_ring_.length()));
  device_.write(at(reg::kReceiveTail), receive_ring_.tail());
  TxContext context;
  context.mac_bytes = static_cast<std::uint8_t>(kEthernetHeader.count());
  context.ip_bytes = 20;
  context.tcp_bytes = static_cast<std::uint8_t>(kIpTcpHeader.count() - 20);
  context.segment_size = static_cast<std::uint16_t>(segment_size(device_.config_).count());
  std::array<std::uint8_t, kDescriptorBytes> bytes;
  context.encode(bytes.data());
  device_.write(at(reg::kTransmitContext), bytes.data(), bytes.size());
}

void NetDevice::Queue::transmit(Skb& skb) {
  Outgoing outgoing{&skb, Bytes(0)};
  if (!waiting_.empty() || !post(outgoing)) {
    ++device_.requeues_;
    ++device_.waiting_;
    waiting_.push_back(outgoing);
  }
  device_.write(at(reg::kTransmitTail), transmit_ring_.tail());
}

// The driver's ndo_start_xmit(), for every packet of the skb; false if the ring has no room left.
bool NetDevice::Queue::post(Outgoing& outgoing) {
  const Skb& skb = *outgoing.skb;
  packet_.checksum = device_.checksums();
  packet_.encrypt = skb.socket->encrypted_by_device();
  packet_.again = skb.again;
  packet_.record = skb.again ? skb.resync_record : 0;
  packet_.resync = skb.again && !skb.resync.empty() ? &skb.resync : nullptr;
  const auto resync = static_cast<unsigned>(packet_.resync == nullptr ? 0 : skb.resync.size());
  while (outgoing.posted < skb.bytes) {
    packet_.bytes = device_.next_packet(outgoing);
    choose_pieces(skb, outgoing.posted, packet_.bytes);
    if (!transmit_ring_.has_room(resync + packet_.fragments)) return false;
    packet_.segment = packet_.bytes > segment_size(device_.config_);
    packet_.header = skb.socket->header(skb.sequence + outgoing.posted.count(), packet_.bytes);
    packet_.header.payload = packet_.bytes;
    outgoing.posted += packet_.bytes;
    packet_.header.push = outgoing.posted == skb.bytes;
    packet_.skb = outgoing.posted == skb.bytes ? outgoing.skb : nullptr;
    transmit_ring_.post(packet_);
    ++posted_;
  }
  return true;
}

/// The packet's part of the skb: all of its fragments, or what of them falls to one frame.
void NetDevice::Queue::choose_pieces(const Skb& skb, Bytes skip, Bytes bytes) {
  if (bytes == skb.bytes) {
    packet_.pieces = skb.runs.data();
    packet_.count = skb.run_count;
    packet_.fragments = skb.fragment_count;
    return;
  }
  packet_.pieces = cut_.data();
  packet_.count = packet_.fragments = 0;
  for (unsigned i = 0; bytes > Bytes(0); ++i) {
    Fragment piece = skb.runs[i];
    if (skip >= Bytes(piece.segment.bytes)) {
      skip -= Bytes(piece.segment.bytes);
      continue;
    }
    piece.segment.address += skip.count();
    piece.segment.bytes -= static_cast<std::uint32_t>(skip.count());
    piece.segment.bytes = std::min(piece.segment.bytes, static_cast<std::uint32_t>(bytes.count()));
    skip = Bytes(0);
    bytes -= Bytes(piece.segment.bytes);
    cut_[packet_.count++] = piece;
    packet_.fragments += piece.count();
  }
}

void NetDevice::Queue::handle(Core& core) {
  core_ = &core;
  device_.write(reg::kInterruptServed, number_);
  reclaim(core);
  if (receive_ring_.poll()) core.softirq.raise(receive_ring_);
}

/// A frame without payload, for its socket (tcp_v4_rcv()).
void NetDevice::Queue::take(const FrameHeader& header) {
  TcpSocket& socket = *device_.sockets_[header.connection];
  switch (header.kind) {
    case Packet::Kind::kRequest:
      return socket.take_request(header);
    case Packet::Kind::kReset:
      return socket.take_reset();
    case Packet::Kind::kAcknowledgement:
    case Packet::Kind::kData:
      break;
  }
  const sc_time cost = core_->softirq.costs().acknowledgement;
  if (cost > sc_core::SC_ZERO_TIME) core_->steal(cost);
  socket.take_acknowledgement(header, *core_);
}

void NetDevice::Queue::reclaim(Core& core) {
  Skb* skb = nullptr;
  while (transmit_ring_.reclaim(skb)) {
    if (skb != nullptr) skb->socket->take_completion(*skb, core);
  }
  const std::uint32_t before = transmit_ring_.tail();
  for (; !waiting_.empty() && post(waiting_.front()); waiting_.pop_front()) --device_.waiting_;
  if (transmit_ring_.tail() != before) {
    device_.write(at(reg::kTransmitTail), transmit_ring_.tail());
  }
}

}  // namespace copypath
