#include "models/workload/producers.h"

#include <algorithm>

#include "models/nic/frame.h"
#include "models/nic/frame_header.h"
#include "models/nic/queues.h"
#include "models/workload/origin.h"

namespace copypath {

using sc_core::sc_time_stamp;

Producers::Producers(const sc_core::sc_module_name& name, const Config& config, unsigned nic,
                     Media& media)
    : sc_module(name),
      config_(config),
      layout_(config),
      one_way_(config.socket.rtt / 2),
      lead_(timestamps_lead(config.socket.rtt)),
      interval_(config.broker.batch_interval()),
      packet_(std::min(merged_packet(config.nic), Bytes(config.socket.receive_buffer.count() / 2))),
      total_(config.broker.batch * config.broker.batches),
      media_(media) {
  for (unsigned producer = 0; producer < config.broker.producers(); ++producer) {
    if (nic_of(config.workload.clients + producer, config.nic.count) != nic) continue;
    const double turn = static_cast<double>(producer + 1) / config.broker.producers();
    streams_.push_back({producer, interval_ * turn, config.socket.receive_buffer});
  }
  in.register_b_transport(this, &Producers::take);
  SC_HAS_PROCESS(Producers);
  SC_THREAD(send_batches);
}

void Producers::take(tlm::tlm_generic_payload& payload, sc_time& delay) {
  arrivals_.push_back({sc_time_stamp() + delay + one_way_, *payload.get_extension<Packet>()});
  arrival_.notify();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Producers::send_batches() {
  for (;;) {
    read_arrivals();
    std::size_t passed = 0;
    while (passed < streams_.size() && sendable(streams_[next_]) == Bytes(0)) {
      next_ = (next_ + 1) % streams_.size();
      ++passed;
    }
    if (passed == streams_.size()) {
      wait_for_work();
      continue;
    }
    send(streams_[next_], sendable(streams_[next_]));
    next_ = (next_ + 1) % streams_.size();
  }
}

/// Until an acknowledgement has come, or another batch is full.
void Producers::wait_for_work() {
  sc_time next = sc_core::sc_max_time();
  if (!arrivals_.empty()) next = arrivals_.front().time;
  for (const Stream& stream : streams_) {
    if (due(stream, sc_time_stamp()) < total_) next = std::min(next, next_due(stream));
  }
  if (next == sc_core::sc_max_time()) {
    wait(arrival_);
  } else {
    wait(next - sc_time_stamp(), arrival_);
  }
}

void Producers::read_arrivals() {
  for (; !arrivals_.empty() && arrivals_.front().time <= sc_time_stamp(); arrivals_.pop_front()) {
    const Packet& packet = arrivals_.front().packet;
    const unsigned producer = packet.connection - config_.workload.clients;
    const auto stream = std::find_if(streams_.begin(), streams_.end(), [producer](const Stream& s) {
      return s.producer == producer;
    });
    stream->echo = packet.timestamp;
    if (packet.kind == Packet::Kind::kAcknowledgement) {
      stream->limit = Bytes(packet.sequence) + packet.offers;
    } else {
      ++stream->answers;
    }
  }
}

/// What batches that are full by then hold, of the whole stream.
Bytes Producers::due(const Stream& stream, sc_time now) const {
  if (now < stream.first) return Bytes(0);
  const std::uint64_t batches = (now - stream.first).value() / interval_.value() + 1;
  return config_.broker.batch * std::min<std::uint64_t>(batches, config_.broker.batches);
}

sc_time Producers::next_due(const Stream& stream) const {
  const sc_time now = sc_time_stamp();
  if (now < stream.first) return stream.first;
  const std::uint64_t batches = (now - stream.first).value() / interval_.value() + 1;
  return stream.first + sc_time::from_value(interval_.value() * batches);
}

/// The next packet of the stream, if there is something to send and the window lets it go.
Bytes Producers::sendable(const Stream& stream) const {
  const Bytes bytes = std::min(packet_, due(stream, sc_time_stamp()) - stream.sent);
  return stream.sent + bytes <= stream.limit ? bytes : Bytes(0);
}

void Producers::send(Stream& stream, Bytes bytes) {
  wait(wire_bytes(bytes, config_.nic.mtu) / config_.nic.rate);
  Content content;
  for (Bytes done; done < bytes;) {
    Bytes offset = stream.sent + done;
    std::uint32_t file = layout_.files() + stream.producer;  // of what will be compressed
    Bytes part = bytes - done;
    if (!config_.broker.compress) {
      const Bytes at = layout_.at_first() + offset;
      file = layout_.file(stream.producer, at);
      offset = at - layout_.begin_of(file);
      part = std::min(part, layout_.segment() - offset);
    }
    media_.read(file, offset.count(), part, content);
    done += part;
  }
  Packet packet;
  packet.connection = config_.workload.clients + stream.producer;
  packet.sequence = stream.sent.count();
  packet.bytes = bytes;
  packet.content = &content;
  packet.frames = frames_for(bytes, config_.nic.mtu);
  packet.counterpart = stream.answers * kRequestText.count();
  packet.timestamp = timestamp_of(lead_ + sc_time_stamp());
  packet.echo = stream.echo;
  packet.segment = segment_size(config_.nic);
  packet.window = scaled_window(config_.socket.window);
  packet.identification = static_cast<std::uint16_t>(stream.identification + 1);
  stream.identification = static_cast<std::uint16_t>(stream.identification + packet.frames);
  stream.sent += bytes;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&packet);
  sc_time delay = one_way_;
  out->b_transport(payload, delay);
  payload.clear_extension(&packet);
}

}  // namespace copypath
