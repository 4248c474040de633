#include "models/kernel/net_device.h"

#include <algorithm>
#include <array>

#include "models/kernel/tcp_receiver.h"
#include "models/kernel/tcp_socket.h"

namespace copypath {

NetDevice::NetDevice(const sc_core::sc_module_name& name, const Config& config, NicQueues& queues,
                     CoherentMemory& memory, SkbAllocator& skbs)
    : sc_module(name),
      config_(config.nic),
      receive_buffer_(config.socket.receive_buffer),
      clients_(config.workload.clients),
      number_(queues.nic),
      lead_(timestamps_lead(config.socket.rtt)),
      skbs_(skbs) {
  for (unsigned number = 0; number < queues.queues.size(); ++number) {
    queues_.push_back(std::make_unique<Queue>(*this, number, queues, memory));
    if (!loops_back()) queues_.back()->fill();
  }
}

void NetDevice::start_of_simulation() {
  open_ = true;
  for (const auto& queue : queues_) queue->open();
}

void NetDevice::add(TcpSocket& socket) {
  if (sockets_.size() <= socket.connection()) sockets_.resize(socket.connection() + 1);
  sockets_[socket.connection()] = &socket;
}

void NetDevice::add(TcpReceiver& receiver) {
  if (receivers_.size() <= receiver.connection()) receivers_.resize(receiver.connection() + 1);
  receivers_[receiver.connection()] = &receiver;
}

void NetDevice::expect_losses(Core& core) {
  for (TcpSocket* const socket : sockets_) {
    if (socket != nullptr) socket->expect_losses(core);
  }
  for (TcpReceiver* const receiver : receivers_) {
    if (receiver != nullptr) receiver->expect_losses();
  }
}

void NetDevice::transmit(Skb& skb, Execution& by) {
  if (loops_back()) {
    loop_back(skb, by);
    return;
  }
  Queue& queue = queue_of(*skb.socket, by);
  if (!segments()) validate(skb, by);
  if (ledger_ != nullptr) enter(skb, ledger_->sent);
  queue.transmit(skb);
}

// netdev_core_pick_tx()
NetDevice::Queue& NetDevice::queue_of(TcpSocket& socket, const Execution& by) {
  if (queues_.size() > 1 && socket.skbs_in_device() == 1) {  // this one
    socket.use_transmit_queue(by.core_number() % static_cast<unsigned>(queues_.size()));
  }
  return *queues_[socket.transmit_queue()];
}

void NetDevice::enter(const Skb& skb, Ledger::Provenance& provenance) {
  if (skb.linear) {
    provenance.linear += skb.bytes.count();
    return;
  }
  for (unsigned i = 0; i < skb.run_count; ++i) {
    const Fragment& fragment = skb.runs[i];
    provenance.bytes[static_cast<std::size_t>(fragment.place)] += fragment.segment.bytes;
  }
}

// loopback_xmit(), and process_backlog() when the sender leaves the device.
void NetDevice::loop_back(Skb& skb, Execution& by) {
  TcpSocket& socket = *skb.socket;
  const bool to_client = has_local_client(socket.connection());
  Ledger* const ledger = to_client ? ledger_ : nullptr;
  by.spend(by.costs().receive);
  if (ledger != nullptr) enter(skb, ledger->sent);
  if (receivers_[socket.connection()]->sleeps()) by.spend(by.costs().wakeup);
  orphan_fragments(skb, skbs_, by);  // skb_orphan_frags_rx(); what was spliced is not concerned
  if (ledger != nullptr) enter(skb, ledger->received);
  by.settle();
  ++(to_client ? looped_back_ : looped_in_);
  receivers_[socket.connection()]->receive(skb.sequence, skb.runs.data(), skb.run_count);
  socket.leave_device(skb);
}

void NetDevice::acknowledge(const Packet& packet, Task& task) {
  if (loops_back()) task.spend(task.costs().receive);  // in the softirq of this core
  task.settle();
  if (loops_back()) {
    sockets_[packet.connection]->take_acknowledgement(packet.sequence, task.core());
  } else {
    send(packet);
  }
}

void NetDevice::request(const Packet& packet, Task& task) {
  if (loops_back()) {
    task.spend(task.costs().receive);
    if (sockets_[packet.connection]->awaits_request()) task.spend(task.costs().wakeup);
  }
  task.settle();
  if (loops_back()) {
    sockets_[packet.connection]->take_request();
  } else {
    send(packet);
  }
}

/// A packet so small that the driver writes it to the NIC (mlx5's BlueFlame).
void NetDevice::send(Packet packet) {
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(reg::kInline);
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
    if (skb.shared) linearise(skb, by);  // the pages could change between the sum and the wire
    checksum(skb, by);
  }
  by.settle();
}

// skb_segment() for a device without NETIF_F_SG: skb_copy_bits(). Or __skb_linearize() before the
// sum of what is shared.
void NetDevice::linearise(Skb& skb, Execution& by) {
  by.spend(by.costs().skb_memory * PageFragment::share_of(skb.bytes));
  skbs_.copy_fragments(skb, by, copypath::linearise);
  skb.linear = true;
  skb.shared = false;
}

// skb_checksum_help()
void NetDevice::checksum(const Skb& skb, Execution& by) {
  for (const FragmentRun& run : runs_of(skb)) {
    by.read(copypath::checksum(run.place), run.segments, by.costs().checksum_rate);
  }
}

/// The payload of the next packet that the NIC gets: all of it, or a frame's.
Bytes NetDevice::next_packet(const Outgoing& outgoing) const {
  const Bytes left = outgoing.skb->bytes - outgoing.posted;
  return segments() ? left : std::min(left, segment_size(config_.mtu));
}

void NetDevice::write(std::uint64_t address, std::uint32_t value) {
  write(address, &value, sizeof value);
}

void NetDevice::write(std::uint64_t address, std::uint64_t value) {
  write(address, &value, sizeof value);
}

void NetDevice::write(std::uint64_t address, void* value, std::size_t bytes) {
  register_write_.set_command(tlm::TLM_WRITE_COMMAND);
  register_write_.set_address(address);
  register_write_.set_data_ptr(static_cast<unsigned char*>(value));
  register_write_.set_data_length(static_cast<unsigned>(bytes));
  register_write_.set_streaming_width(static_cast<unsigned>(bytes));
  sc_time delay;
  registers->b_transport(register_write_, delay);
}

void NetDevice::trace(sc_core::sc_trace_file* file) const {
  const std::string nic = number_ == 0 ? "nic" : "nic" + std::to_string(number_);
  sc_core::sc_trace(file, waiting_, nic + ".qdisc_packets", 16);
}

}  // namespace copypath
