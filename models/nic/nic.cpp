#include "models/nic/nic.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace copypath {

using sc_core::SC_ZERO_TIME;

Nic::Nic(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
         NicQueues& queues)
    : sc_module(name),
      receiver("receiver", config, link, queues),
      config_(config),
      link_(link),
      queues_(queues),
      transmit_queues_(queues.queues.size()) {
  registers.register_b_transport(this, &Nic::access_register);
  receive.register_b_transport(this, &Nic::take_received);
  SC_HAS_PROCESS(Nic);
  SC_THREAD(gather);
  SC_THREAD(transmit);
}

void Nic::ring_doorbell(TxQueue& queue, unsigned tail) {
  ring_used_ += queue.set_tail(tail);
  doorbell_.notify();
}

// The gather engine: descriptors in, payload into the FIFO; a packet of each queue in turn.
void Nic::gather() {
  for (;;) {
    bool idle = false;
    TxQueue* queue = next_queue();
    while (queue == nullptr) {
      idle = true;
      doorbell_.wait();
      queue = next_queue();
    }
    if (!queue->has_packet()) fetch_descriptors(*queue, idle);
    if (queue->has_packet()) gather_packet(*queue);
  }
}

TxQueue* Nic::next_queue() {
  const auto count = static_cast<unsigned>(transmit_queues_.size());
  for (unsigned i = 0; i < count; ++i) {
    TxQueue& queue = transmit_queues_[(next_queue_ + i) % count];
    if (!queue.has_work()) continue;
    next_queue_ = (next_queue_ + i + 1) % count;
    return &queue;
  }
  return nullptr;
}

void Nic::fetch_descriptors(TxQueue& queue, bool idle) {
  const ControlList& pieces = queue.plan_fetch();
  const sc_time latency =
      memory.control_ahead(Movement::kDescriptors, pieces, link_.read(size_of(pieces)));
  // Otherwise the engine was busy with the packets before.
  if (idle) memory.run_ahead_to(memory.time() + latency);
  queue.fetched();
}

void Nic::gather_packet(TxQueue& queue) {
  const TxData first = queue.take();
  const Bytes bytes(first.payload);
  while (fifo_used_ > Bytes(0) && fifo_used_ + bytes > config_.fifo) fifo_drained_.wait();
  Outgoing& packet = new_packet();
  packet.queue = static_cast<unsigned>(&queue - transmit_queues_.data());
  packet.bytes = bytes;
  packet.encrypt = first.encrypt;
  packet.record = queues_.queues[packet.queue].records[queue.taken()];
  packet.again = false;
  packet.segment = first.segment ? Bytes(queue.context.segment_size) : bytes;
  packet.frames = units_covering(bytes, packet.segment);
  fifo_.push_back(&packet);
  fifo_used_ += bytes;
  gather_headers(queue, first, packet);
  gather_payload(queue, packet);
  ring_used_ -= queue.release();
}

Nic::Outgoing& Nic::new_packet() {
  if (free_packets_.empty()) {
    packets_.push_back(std::make_unique<Outgoing>());
    free_packets_.push_back(packets_.back().get());
  }
  Outgoing& packet = *free_packets_.back();
  free_packets_.pop_back();
  packet.content.clear();
  packet.resync.clear();
  packet.ready = packet.gathered = false;
  return packet;
}

void Nic::gather_headers(TxQueue& queue, const TxData& first, Outgoing& packet) {
  if (first.bytes != kFrameHeaders.count() || first.end_of_packet ||
      (first.check_context && first.bytes != queue.context.header_bytes())) {
    throw std::logic_error("the first descriptor of a packet is not its headers");
  }
  header_piece_[0] = {first.address, packet.headers.data(), first.bytes};
  const sc_time latency =
      memory.control_ahead(Movement::kHeaders, header_piece_, link_.read(kFrameHeaders));
  packet.header = FrameHeader::read(packet.headers.data(), queues_.connections, true);
  const std::uint32_t connection = packet.header.connection;
  if (sequences_.size() <= connection) sequences_.resize(connection + 1);
  packet.header.sequence = extended(packet.header.sequence, sequences_[connection]);
  sequences_[connection] = packet.header.sequence;
  const Bytes first_frame = std::min(packet.bytes, packet.segment);
  packet.first_frame = memory.time() + latency + first_frame / link_.read(first_frame);
  packet.ready = true;
  fifo_filled_.notify();
}

/// Pieces of one kind go in one transfer, those that are adjacent in memory in one segment of it.
void Nic::gather_payload(TxQueue& queue, Outgoing& packet) {
  const std::vector<TxUse>& uses = queues_.queues[packet.queue].uses;
  Bytes gathered;
  TxPiece last{};
  while (!last.end_of_packet()) {
    const TxUse use = uses[queue.coming()];
    segments_.clear();
    last = queue.take_pieces(uses, segments_);
    if (use.role != TxRole::kResync) gathered += size_of(segments_);
    fetch(packet, use);
  }
  if (gathered != packet.bytes) throw std::logic_error("descriptors differ from their PAYLEN");
  packet.report_status = last.report_status();
  packet.last = queue.taken();
  packet.gathered = true;
  gathered_.notify();
}

/// The segments, which are of one kind.
void Nic::fetch(Outgoing& packet, TxUse use) {
  packet.again = packet.again || use.role == TxRole::kSendAgain;
  const Movement movement = use.role == TxRole::kSend        ? copypath::transmit(use.place)
                            : use.role == TxRole::kSendAgain ? copypath::retransmit(use.place)
                                                             : Movement::kTlsResync;
  Content& to = use.role == TxRole::kResync ? packet.resync : packet.content;
  memory.dma_read(movement, segments_, to, link_.read(segments_));
}

// The wire: packets out of the FIFO, frame by frame at line rate.
void Nic::transmit() {
  for (;;) {
    while (fifo_.empty() || !fifo_.front()->ready) fifo_filled_.wait();
    Outgoing& packet = *fifo_.front();
    const Bytes on_wire = packet.bytes + kBesidePayload * packet.frames;
    const sc_time start = std::max({completions.time(), packet.first_frame, wire_free_});
    wire_busy_ = true;
    wire_free_ = start + on_wire / config_.rate;
    wait(wire_free_ - time_now());
    if (!packet.gathered) {  // DMA is slower than the wire: the last frame waits for it
      while (!packet.gathered) gathered_.wait();
      const Bytes before = packet.segment * (packet.frames - 1);
      const sc_time last = (packet.bytes - before + kBesidePayload) / config_.rate;
      wire_free_ = std::max(wire_free_, time_now()) + last;
      wait(wire_free_ - time_now());
    }
    wire_busy_ = false;
    count_inline();
    wire_bytes_sent_ += on_wire;
    packets_sent_ += packet.frames;
    send(packet);
  }
}

void Nic::send(Outgoing& packet) {
  sent_.connection = packet.header.connection;
  sent_.sequence = packet.header.sequence;
  sent_.bytes = packet.bytes;
  sent_.counterpart = packet.header.acknowledgement;
  sent_.timestamp = packet.header.timestamp;
  sent_.echo = packet.header.echo;
  sent_.frames = packet.frames;
  sent_.segment = packet.segment;
  sent_.headers = packet.headers.data();
  Content encrypted;
  if (packet.encrypt) encrypt(packet, encrypted);
  sent_.content = packet.encrypt ? &encrypted : &packet.content;
  on_wire_.set_command(tlm::TLM_WRITE_COMMAND);
  on_wire_.set_extension(&sent_);
  sc_time delay;
  wire->b_transport(on_wire_, delay);
  on_wire_.clear_extension(&sent_);

  if (packet.report_status) {
    static std::array<std::uint8_t, kDescriptorBytes> done = tx_write_back();
    const std::uint64_t address = transmit_queues_[packet.queue].address_of(packet.last);
    completion_[0] = {address, done.data(), kDescriptorBytes};
    completions.control_ahead(Movement::kCompletion, completion_,
                              link_.write(Bytes(kDescriptorBytes)));
  }
  fifo_used_ -= packet.bytes;
  fifo_.pop_front();
  free_packets_.push_back(&packet);
  fifo_drained_.notify();
  if (packet.report_status) vector(packet.queue).report(completions.time());
}

/// What is sent again is encrypted apart: from the beginning of its record, which was fetched, too.
void Nic::encrypt(const Outgoing& packet, Content& encrypted) {
  const std::uint32_t connection = packet.header.connection;
  if (packet.again) {
    InlineEncryption context(connection, packet.record);
    Content before;
    context.apply(packet.resync, before);
    context.apply(packet.content, encrypted);
    return;
  }
  auto [at, first] = encryption_.try_emplace(connection, connection);
  at->second.apply(packet.content, encrypted);
}

/// A packet that came with the write that posts it.
void Nic::send_inline(tlm::tlm_generic_payload& payload, sc_time& delay) {
  const Packet& packet = *payload.get_extension<Packet>();
  const Bytes on_wire = packet.wire_bytes(config_.mtu);
  wire_free_ = std::max(time_now() + delay, wire_free_) + on_wire / config_.rate;
  delay = wire_free_ - time_now();
  count_inline();
  inline_.push_back({wire_free_, on_wire, packet.frames});
  wire->b_transport(payload, delay);
}

void Nic::count_inline() {
  for (; !inline_.empty() && inline_.front().end <= time_now(); inline_.pop_front()) {
    wire_bytes_sent_ += inline_.front().on_wire;
    packets_sent_ += inline_.front().frames;
  }
}

Bytes Nic::wire_bytes_sent() const {
  Bytes sent = wire_bytes_sent_;
  for (const Inline& packet : inline_) {
    if (packet.end <= time_now()) sent += packet.on_wire;
  }
  return sent;
}

std::uint64_t Nic::packets_sent() const {
  std::uint64_t sent = packets_sent_;
  for (const Inline& packet : inline_) sent += packet.end <= time_now() ? packet.frames : 0;
  return sent;
}

void Nic::take_received(tlm::tlm_generic_payload& payload, sc_time& delay) {
  receiver.take(*payload.get_extension<Packet>(), time_now() + delay);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Nic::trace(sc_core::sc_trace_file* file) const {
  const std::string nic = basename();
  sc_core::sc_trace(file, ring_used_, nic + ".ring_descriptors", 16);
  sc_trace(file, fifo_used_, nic + ".fifo_bytes");
  sc_core::sc_trace(file, wire_busy_, nic + ".wire");
  sc_core::sc_trace(file, packets_sent_, nic + ".frames_sent", 32);
}

}  // namespace copypath
