#include "models/kernel/net_device.h"

#include "models/kernel/tcp_socket.h"

namespace copypath {

namespace {
/// One for the headers and one per fragment.
unsigned descriptors_for(const Skb& skb) { return 1 + skb.fragment_count; }
}  // namespace

void NetDevice::transmit(Skb& skb) {
  if (!queue_.empty() || !ring_has_room(skb)) {
    ++requeues_;
    queue_.push_back(&skb);
    queue_length_ = static_cast<unsigned>(queue_.size());
    return;
  }
  post(skb);
  ring_doorbell();
}

// One descriptor stays empty, so that a full ring differs from an empty one.
bool NetDevice::ring_has_room(const Skb& skb) const {
  return posted_ + descriptors_for(skb) < queues_.descriptors.size();
}

// The driver's ndo_start_xmit().
void NetDevice::post(Skb& skb) {
  const auto next = [&]() -> TxDescriptor& {
    TxDescriptor& descriptor = queues_.descriptors[tail_];
    tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.descriptors.size());
    descriptor = TxDescriptor{};
    return descriptor;
  };
  next().movement = Movement::kHeaders;
  TxDescriptor* descriptor = nullptr;
  for (unsigned i = 0; i < skb.fragment_count; ++i) {
    const Fragment& fragment = skb.fragments[i];
    descriptor = &next();
    descriptor->segment = fragment.segment;
    descriptor->movement =
        fragment.memory == nullptr ? Movement::kTransmitPage : Movement::kTransmitCopy;
  }
  descriptor->end_of_packet = true;
  descriptor->connection = skb.socket->connection();
  descriptor->sequence = skb.sequence;
  descriptor->cookie = &skb;
  posted_ += descriptors_for(skb);
}

void NetDevice::ring_doorbell() {
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(Nic::kTailRegister);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
  payload.set_data_length(sizeof tail_);
  payload.set_streaming_width(sizeof tail_);
  sc_time delay;
  registers->b_transport(payload, delay);
}

// The softirq: net_tx_action() and net_rx_action().
void NetDevice::handle(Core&) {
  queues_.interrupt_pending = false;
  reclaim();
  auto& received = queues_.received;
  while (!received.empty() && received.front().arrival <= sc_core::sc_time_stamp()) {
    const RxEvent event = received.front();
    received.pop_front();
    TcpSocket& socket = *sockets_[event.connection];
    if (event.kind == Packet::Kind::kRequest) {
      socket.take_request();
    } else {
      socket.take_acknowledgement(event.sequence);
    }
  }
}

void NetDevice::reclaim() {
  while (!queues_.completed.empty()) {
    Skb& skb = *static_cast<Skb*>(queues_.completed.front());
    queues_.completed.pop_front();
    posted_ -= descriptors_for(skb);
    skb.socket->take_completion(skb);
  }
  bool posted = false;
  while (!queue_.empty() && ring_has_room(*queue_.front())) {
    post(*queue_.front());
    queue_.pop_front();
    posted = true;
  }
  queue_length_ = static_cast<unsigned>(queue_.size());
  if (posted) ring_doorbell();
}

void NetDevice::trace(sc_core::sc_trace_file* file) const {
  sc_core::sc_trace(file, queue_length_, "nic.qdisc_packets", 16);
}

}  // namespace copypath
