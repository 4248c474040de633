#include "models/workload/origin.h"

#include <algorithm>
#include <cmath>

#include "models/nic/frame_header.h"

namespace copypath {

using sc_core::sc_time_stamp;

namespace {

/// The longest packet that GRO makes (GRO_LEGACY_MAX_SIZE, less one), without its headers.
constexpr Bytes kLargestMerged = Bytes(65535) - kIpTcpHeader;

}  // namespace

Bytes merged_packet(const NicConfig& nic) {
  const Bytes segment = segment_size(nic);
  const Bytes frame = wire_bytes(segment, nic.mtu);
  const double arriving = nic.interrupt_delay / (frame / nic.rate);
  const double most = static_cast<double>(kLargestMerged / segment);
  return segment * static_cast<std::uint64_t>(std::max(1.0, std::min(arriving, most)));
}

Origin::Origin(const sc_core::sc_module_name& name, const Config& config, Media& media)
    : sc_module(name),
      nic_(config.nic),
      one_way_(config.socket.rtt / 2),
      lead_(timestamps_lead(config.socket.rtt)),
      window_(config.socket.receive_buffer),
      // At most half the window, so that one packet can be read while another is on its way.
      packet_(std::min(merged_packet(config.nic), Bytes(window_.count() / 2))),
      clients_(config.workload.clients),
      media_(media),
      streams_(config.workload.clients) {
  in.register_b_transport(this, &Origin::take);
  SC_HAS_PROCESS(Origin);
  SC_THREAD(serve);
}

void Origin::take(tlm::tlm_generic_payload& payload, sc_time& delay) {
  arrivals_.push_back({sc_time_stamp() + delay + one_way_, *payload.get_extension<Packet>()});
  arrival_.notify();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Origin::serve() {
  for (;;) {
    read_arrivals();
    const auto ready = [&](std::uint32_t number) { return sendable(streams_[number]) > Bytes(0); };
    std::uint32_t passed = 0;
    while (passed < clients_ && !ready(next_)) {
      next_ = (next_ + 1) % clients_;
      ++passed;
    }
    if (passed < clients_) {
      send(next_, sendable(streams_[next_]));
      next_ = (next_ + 1) % clients_;
    } else if (arrivals_.empty()) {
      wait(arrival_);
    } else {
      wait(arrivals_.front().time - sc_time_stamp());
    }
  }
}

void Origin::read_arrivals() {
  for (; !arrivals_.empty() && arrivals_.front().time <= sc_time_stamp(); arrivals_.pop_front()) {
    const Packet& packet = arrivals_.front().packet;
    Stream& stream = streams_[packet.connection - clients_];
    stream.echo = packet.timestamp;
    if (packet.kind == Packet::Kind::kRequest) {
      stream.asked += media_.file_size();
      ++stream.requests;
    } else {
      stream.acknowledged = Bytes(packet.sequence);
    }
  }
}

/// The next packet of the stream, if the window lets it go.
Bytes Origin::sendable(const Stream& stream) const {
  if (stream.sent == stream.asked) return Bytes(0);
  const Bytes of_file = media_.file_size() - stream.sent % media_.file_size();
  const Bytes bytes = std::min(packet_, of_file);
  return stream.sent - stream.acknowledged + bytes <= window_ ? bytes : Bytes(0);
}

void Origin::send(std::uint32_t number, Bytes bytes) {
  Stream& stream = streams_[number];
  wait(wire_bytes(bytes, nic_.mtu) / nic_.rate);
  Content content;
  media_.read(number % media_.files(), (stream.sent % media_.file_size()).count(), bytes, content);
  Packet packet;
  packet.connection = clients_ + number;
  packet.sequence = stream.sent.count();
  packet.bytes = bytes;
  packet.content = &content;
  packet.frames = frames_for(bytes, nic_.mtu);
  packet.counterpart = stream.requests * kRequestText.count();
  packet.timestamp = timestamp_of(lead_ + sc_time_stamp());
  packet.echo = stream.echo;
  stream.sent += bytes;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&packet);
  sc_time delay = one_way_;
  out->b_transport(payload, delay);
  payload.clear_extension(&packet);
}

}  // namespace copypath
