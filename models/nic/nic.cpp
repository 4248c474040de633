#include "models/nic/nic.h"

#include <algorithm>

namespace copypath {

using sc_core::sc_time_stamp;
using sc_core::SC_ZERO_TIME;

Nic::Nic(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
         NicQueues& queues)
    : sc_module(name),
      receiver("receiver", config, link, queues.received_frames,
               [this] { moderate(sc_time_stamp()); }),
      config_(config),
      link_(link),
      queues_(queues) {
  registers.register_b_transport(this, &Nic::write_register);
  receive.register_b_transport(this, &Nic::take_received);
  SC_HAS_PROCESS(Nic);
  SC_THREAD(gather);
  SC_THREAD(transmit);
  SC_METHOD(raise_interrupt);
  sensitive << interrupt_due_;
  dont_initialize();
}

void Nic::write_register(tlm::tlm_generic_payload& payload, sc_time& delay) {
  if (payload.get_address() == kInlineRegister && payload.is_write()) {
    wire->b_transport(payload, delay);
    return;
  }
  if (payload.get_address() == kReceiveTailRegister && payload.is_write()) {
    receiver.notify();
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return;
  }
  if (payload.get_address() != kTailRegister || !payload.is_write()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const unsigned tail = *reinterpret_cast<const std::uint32_t*>(payload.get_data_ptr());
  const auto size = static_cast<unsigned>(queues_.descriptors.size());
  ring_used_ += (tail + size - tail_) % size;
  tail_ = tail;
  doorbell_.notify();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

// The gather engine: descriptors in, payload into the FIFO.
void Nic::gather() {
  const auto size = static_cast<unsigned>(queues_.descriptors.size());
  for (;;) {
    unsigned count = fetched_packet();
    while (count == 0) {
      fetch_descriptors();
      count = fetched_packet();
    }
    Bytes bytes;
    for (unsigned i = 1; i < count; ++i) {
      bytes += Bytes(queues_.descriptors[(head_ + i) % size].segment.bytes);
    }
    while (fifo_used_ > Bytes(0) && fifo_used_ + bytes > config_.fifo) wait(fifo_drained_);
    fifo_.emplace_back();
    Outgoing& packet = fifo_.back();
    packet.last = queues_.descriptors[(head_ + count - 1) % size];
    packet.bytes = bytes;
    fifo_used_ += bytes;
    gather_payload(packet, count);
    head_ = (head_ + count) % size;
    fetched_ -= count;
    ring_used_ -= count;
  }
}

/// The number of descriptors of the next packet; 0 if they are not all on the chip.
unsigned Nic::fetched_packet() const {
  const auto size = static_cast<unsigned>(queues_.descriptors.size());
  for (unsigned i = 0; i < fetched_; ++i) {
    if (queues_.descriptors[(head_ + i) % size].end_of_packet) return i + 1;
  }
  return 0;
}

void Nic::fetch_descriptors() {
  const auto size = static_cast<unsigned>(queues_.descriptors.size());
  const bool was_idle = tail_ == (head_ + fetched_) % size;
  while (tail_ == (head_ + fetched_) % size) wait(doorbell_);
  const unsigned batch = std::min((tail_ + size - head_) % size - fetched_, kFetchBatch);
  const Bytes bytes = kDescriptorSize * batch;
  const sc_time latency = memory.control(Movement::kDescriptors, bytes, link_.read(bytes));
  if (was_idle) wait(latency);  // otherwise the engine was busy with the packets before
  fetched_ += batch;
}

void Nic::gather_payload(Outgoing& packet, unsigned count) {
  const auto size = static_cast<unsigned>(queues_.descriptors.size());
  const sc_time latency =
      memory.control(Movement::kHeaders, kFrameHeaders, link_.read(kFrameHeaders));
  const Bytes first_frame = std::min(packet.bytes, segment_size(config_.mtu));
  packet.first_frame = sc_time_stamp() + latency + first_frame / link_.read(first_frame);
  packet.ready = true;
  fifo_filled_.notify();
  SegmentList list;
  for (unsigned i = 1; i < count;) {  // fragments of one kind go in one transfer
    const Movement movement = queues_.descriptors[(head_ + i) % size].movement;
    list.clear();
    for (; i < count; ++i) {
      const TxDescriptor& next = queues_.descriptors[(head_ + i) % size];
      if (next.movement != movement) break;
      append(list, next.segment);
    }
    memory.dma_read(movement, list, packet.content, link_.read(list));
  }
  packet.gathered = true;
  gathered_.notify();
}

// The wire: packets out of the FIFO, frame by frame at line rate.
void Nic::transmit() {
  for (;;) {
    while (fifo_.empty() || !fifo_.front().ready) wait(fifo_filled_);
    Outgoing& packet = fifo_.front();
    const Bytes on_wire = wire_bytes(packet.bytes, config_.mtu);
    const sc_time start = std::max(sc_time_stamp(), packet.first_frame);
    wire_busy_ = true;
    wait(start + on_wire / config_.rate - sc_time_stamp());
    if (!packet.gathered) {  // DMA is slower than the wire: the last frame waits for it
      while (!packet.gathered) wait(gathered_);
      const Bytes before = segment_size(config_.mtu) * (frames_for(packet.bytes, config_.mtu) - 1);
      wait(wire_bytes(packet.bytes - before, config_.mtu) / config_.rate);
    }
    wire_busy_ = false;
    wire_bytes_sent_ += on_wire;
    packets_sent_ += frames_for(packet.bytes, config_.mtu);
    send(packet);
  }
}

void Nic::send(Outgoing& packet) {
  Packet extension;
  extension.connection = packet.last.connection;
  extension.sequence = packet.last.sequence;
  extension.bytes = packet.bytes;
  Content encrypted;
  if (packet.last.encrypt) {
    auto [at, first] = encryption_.try_emplace(packet.last.connection, packet.last.connection);
    at->second.apply(packet.content, encrypted);
  }
  extension.content = packet.last.encrypt ? &encrypted : &packet.content;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&extension);
  sc_time delay;
  wire->b_transport(payload, delay);
  payload.clear_extension(&extension);

  completions.control(Movement::kCompletion, kDescriptorSize, link_.write(kDescriptorSize));
  queues_.completed.push_back({packet.last.packet_descriptors, packet.last.cookie});
  fifo_used_ -= packet.bytes;
  fifo_.pop_front();
  fifo_drained_.notify();
  moderate(sc_time_stamp());
}

void Nic::take_received(tlm::tlm_generic_payload& payload, sc_time& delay) {
  const Packet* packet = payload.get_extension<Packet>();
  const sc_time arrival = sc_time_stamp() + delay;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  if (packet->kind == Packet::Kind::kData) {
    receiver.take(*packet, arrival);
    return;
  }
  auto& received = queues_.received;
  const auto place = std::upper_bound(
      received.begin(), received.end(), arrival,
      [](const sc_time& time, const RxEvent& event) { return time < event.arrival; });
  received.insert(place, {arrival, packet->kind, packet->connection, packet->sequence});
  moderate(arrival);
}

// Something to report happens at `at`: the interrupt comes then, or when the last one is
// interrupt_delay ago.
void Nic::moderate(sc_time at) {
  if (interrupted_before_) at = std::max(at, last_interrupt_ + config_.interrupt_delay);
  interrupt_due_.notify(std::max(at, sc_time_stamp()) - sc_time_stamp());
}

void Nic::raise_interrupt() {
  const bool news =
      !queues_.completed.empty() || !queues_.received_frames.packets.empty() ||
      (!queues_.received.empty() && queues_.received.front().arrival <= sc_time_stamp());
  if (news && !queues_.interrupt_pending) {  // a pending one will find this, too
    queues_.interrupt_pending = true;
    interrupted_before_ = true;
    last_interrupt_ = sc_time_stamp();
    irq->raise();
  }
  for (const RxEvent& event : queues_.received) {  // the next one that is still on its way
    if (event.arrival <= sc_time_stamp()) continue;
    moderate(event.arrival);
    break;
  }
}

void Nic::trace(sc_core::sc_trace_file* file) const {
  sc_core::sc_trace(file, ring_used_, "nic.ring_descriptors", 16);
  sc_trace(file, fifo_used_, "nic.fifo_bytes");
  sc_core::sc_trace(file, wire_busy_, "nic.wire");
  sc_core::sc_trace(file, packets_sent_, "nic.frames_sent", 32);
}

}  // namespace copypath
