#include "models/kernel/net_device.h"

#include <algorithm>
#include <array>

#include "models/kernel/tcp_receiver.h"
#include "models/kernel/tcp_socket.h"

namespace copypath {

NetDevice::NetDevice(const sc_core::sc_module_name& name, const NicConfig& config,
                     NicQueues& queues, SkbAllocator& skbs)
    : sc_module(name),
      config_(config),
      queues_(queues),
      skbs_(skbs),
      receive_ring_(config, queues.received_frames, skbs, receivers_,
                    [this] { write(Nic::kReceiveTailRegister); }) {}

void NetDevice::add(TcpReceiver& receiver) {
  if (receivers_.size() <= receiver.connection()) receivers_.resize(receiver.connection() + 1);
  receivers_[receiver.connection()] = &receiver;
  if (!loops_back()) receive_ring_.fill();
}

void NetDevice::transmit(Skb& skb, Execution& by) {
  if (loops_back()) {
    loop_back(skb, by);
    return;
  }
  if (!segments()) validate(skb, by);
  Outgoing outgoing{&skb, Bytes(0)};
  if (!queue_.empty() || !post(outgoing)) {
    ++requeues_;
    queue_.push_back(outgoing);
    queue_length_ = static_cast<unsigned>(queue_.size());
  }
  ring_doorbell();
}

// loopback_xmit(), and process_backlog() when the sender leaves the device.
void NetDevice::loop_back(Skb& skb, Execution& by) {
  by.spend(by.costs().receive);
  orphan_fragments(skb, skbs_, by);  // skb_orphan_frags_rx(); what was spliced is not concerned
  by.settle();
  ++looped_back_;
  TcpSocket& socket = *skb.socket;
  receivers_[socket.connection()]->receive(skb.sequence, skb.fragments.data(), skb.fragment_count);
  socket.leave_device(skb);
}

void NetDevice::acknowledge(std::uint32_t connection, std::uint64_t sequence, Task& task) {
  if (loops_back()) task.spend(task.costs().receive);  // in the softirq of this core
  task.settle();
  if (loops_back()) {
    sockets_[connection]->take_acknowledgement(sequence, task.core());
  } else {
    send_inline(Packet::Kind::kAcknowledgement, connection, sequence);
  }
}

void NetDevice::request(std::uint32_t connection, Task& task) {
  if (loops_back()) task.spend(task.costs().receive);
  task.settle();
  if (loops_back()) {
    sockets_[connection]->take_request();
  } else {
    send_inline(Packet::Kind::kRequest, connection, 0);
  }
}

/// A packet so small that the driver writes it to the NIC (mlx5's BlueFlame).
void NetDevice::send_inline(Packet::Kind kind, std::uint32_t connection, std::uint64_t sequence) {
  Packet packet;
  packet.kind = kind;
  packet.connection = connection;
  packet.sequence = sequence;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(Nic::kInlineRegister);
  payload.set_extension(&packet);
  sc_time delay;
  registers->b_transport(payload, delay);
  payload.clear_extension(&packet);
}

// validate_xmit_skb(): a core does what the NIC cannot.
void NetDevice::validate(Skb& skb, Execution& by) {
  const auto frames = static_cast<double>(frames_for(skb.bytes, config_.mtu));
  by.spend(by.costs().segment * frames);  // skb_segment()
  if (!gathers() && !skb.linear) {
    linearise(skb, by);  // and computes the checksum in passing
  } else if (!checksums() && !skb.checksummed) {
    checksum(skb, by);
  }
  by.settle();
}

// skb_segment() for a device without NETIF_F_SG: skb_copy_bits().
void NetDevice::linearise(Skb& skb, Execution& by) {
  skbs_.copy_fragments(skb, by, copypath::linearise);
  skb.linear = true;
}

// skb_checksum_help()
void NetDevice::checksum(const Skb& skb, Execution& by) {
  for (const auto& [place, from] : runs_of(skb)) {
    by.read(copypath::checksum(place), from, by.costs().checksum_rate);
  }
}

/// The payload of the next packet that the NIC gets: all of it, or a frame's.
Bytes NetDevice::next_packet(const Outgoing& outgoing) const {
  const Bytes left = outgoing.skb->bytes - outgoing.posted;
  return segments() ? left : std::min(left, segment_size(config_.mtu));
}

// The driver's ndo_start_xmit(), for every packet of the skb; false if the ring has no room left.
bool NetDevice::post(Outgoing& outgoing) {
  const Skb& skb = *outgoing.skb;
  while (outgoing.posted < skb.bytes) {
    const Bytes bytes = next_packet(outgoing);
    std::array<TxDescriptor, Skb::kMaxFragments> pieces;
    unsigned count = 0;
    Bytes skip = outgoing.posted;
    Bytes left = bytes;
    for (unsigned i = 0; left > Bytes(0); ++i) {
      Segment piece = skb.fragments[i].segment;
      if (skip >= Bytes(piece.bytes)) {
        skip -= Bytes(piece.bytes);
        continue;
      }
      piece.address += skip.count();
      piece.bytes -= static_cast<std::uint32_t>(skip.count());
      piece.bytes = std::min(piece.bytes, static_cast<std::uint32_t>(left.count()));
      skip = Bytes(0);
      left -= Bytes(piece.bytes);
      pieces[count] = TxDescriptor{};
      pieces[count].segment = piece;
      pieces[count++].movement = copypath::transmit(skb.fragments[i].place);
    }
    // One descriptor stays empty, so that a full ring differs from an empty one.
    if (posted_ + 1 + count >= queues_.descriptors.size()) return false;
    TxDescriptor headers;
    headers.movement = Movement::kHeaders;
    push(headers);
    outgoing.posted += bytes;
    TxDescriptor& last = pieces[count - 1];
    last.end_of_packet = true;
    last.packet_descriptors = 1 + count;
    last.connection = skb.socket->connection();
    last.encrypt = skb.socket->encrypted_by_device();
    last.sequence = skb.sequence + (outgoing.posted - bytes).count();
    last.cookie = outgoing.posted == skb.bytes ? outgoing.skb : nullptr;
    for (unsigned i = 0; i < count; ++i) push(pieces[i]);
  }
  return true;
}

void NetDevice::push(const TxDescriptor& descriptor) {
  queues_.descriptors[tail_] = descriptor;
  tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.descriptors.size());
  ++posted_;
}

void NetDevice::ring_doorbell() { write(Nic::kTailRegister); }

/// Writes the transmit tail, or says that the receive tail has moved.
void NetDevice::write(std::uint64_t address) {
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
  payload.set_data_length(sizeof tail_);
  payload.set_streaming_width(sizeof tail_);
  sc_time delay;
  registers->b_transport(payload, delay);
}

// The softirq: net_tx_action() and net_rx_action().
void NetDevice::handle(Core& core) {
  queues_.interrupt_pending = false;
  reclaim(core);
  auto& received = queues_.received;
  while (!received.empty() && received.front().arrival <= sc_core::sc_time_stamp()) {
    const RxEvent event = received.front();
    received.pop_front();
    TcpSocket& socket = *sockets_[event.connection];
    if (event.kind == Packet::Kind::kRequest) {
      socket.take_request();
    } else {
      socket.take_acknowledgement(event.sequence, core);
    }
  }
  if (receive_ring_.has_packets()) core.softirq.raise(receive_ring_);
}

void NetDevice::reclaim(Core& core) {
  while (!queues_.completed.empty()) {
    const TxCompletion done = queues_.completed.front();
    queues_.completed.pop_front();
    posted_ -= done.descriptors;
    if (done.cookie == nullptr) continue;  // not the last packet of its skb
    Skb& skb = *static_cast<Skb*>(done.cookie);
    skb.socket->take_completion(skb, core);
  }
  const std::uint32_t before = tail_;
  while (!queue_.empty() && post(queue_.front())) queue_.pop_front();
  queue_length_ = static_cast<unsigned>(queue_.size());
  if (tail_ != before) ring_doorbell();
}

void NetDevice::trace(sc_core::sc_trace_file* file) const {
  sc_core::sc_trace(file, queue_length_, "nic.qdisc_packets", 16);
}

}  // namespace copypath
