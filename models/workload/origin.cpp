#include "models/workload/origin.h"

#include <algorithm>
#include <cmath>

#include "models/nic/frame.h"
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
  const std::uint64_t fit = nic.rx_fifo / ((segment + kFrameHeaders) * 4);
  const auto most = static_cast<double>(std::min(kLargestMerged / segment, fit));
  return segment * static_cast<std::uint64_t>(std::max(1.0, std::min(arriving, most)));
}

Origin::Origin(const sc_core::sc_module_name& name, const Config& config, Media& media)
    : sc_module(name),
      nic_(config.nic),
      one_way_(config.socket.rtt / 2),
      lead_(timestamps_lead(config.socket.rtt)),
      // At most half the window, so that one packet can be read while another is on its way.
      packet_(std::min(merged_packet(config.nic), Bytes(config.socket.receive_buffer.count() / 2))),
      announced_(scaled_window(config.socket.window)),
      clients_(config.workload.clients),
      media_(media),
      new_stream_{LossRecovery(segment_size(config.nic), config.socket.rtt),
                  config.socket.receive_buffer, config.socket.receive_buffer} {
  in.register_b_transport(this, &Origin::take);
  SC_HAS_PROCESS(Origin);
  SC_THREAD(serve);
}

void Origin::take(tlm::tlm_generic_payload& payload, sc_time& delay) {
  arrivals_.push_back({sc_time_stamp() + delay + one_way_, *payload.get_extension<Packet>()});
  arrival_.notify();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void Origin::expect_losses() {
  losses_ = true;
  for (Stream& stream : streams_) stream.deadline = sc_time_stamp() + stream.recovery.timeout();
  arrival_.notify(sc_core::SC_ZERO_TIME);
}

void Origin::serve() {
  for (;;) {
    read_arrivals();
    const sc_time timer = losses_ ? check_timers() : sc_core::sc_max_time();
    Stretch stretch;
    std::uint32_t passed = 0;
    while (passed < streams_.size() && (stretch = next(streams_[next_])).empty()) {
      next_ = (next_ + 1) % clients_;
      ++passed;
    }
    if (passed < streams_.size()) {
      send(next_, stretch);
      next_ = (next_ + 1) % clients_;
      continue;
    }
    const sc_time until = arrivals_.empty() ? timer : std::min(timer, arrivals_.front().time);
    if (until == sc_core::sc_max_time()) {
      wait(arrival_);
    } else if (arrivals_.empty()) {
      wait(until - sc_time_stamp(), arrival_);
    } else {
      wait(until - sc_time_stamp());
    }
  }
}

void Origin::read_arrivals() {
  if (streams_.empty() && !arrivals_.empty()) streams_.resize(clients_, new_stream_);
  for (; !arrivals_.empty() && arrivals_.front().time <= sc_time_stamp(); arrivals_.pop_front()) {
    const Packet& packet = arrivals_.front().packet;
    Stream& stream = streams_[packet.connection - clients_];
    stream.echo = packet.timestamp;
    if (packet.kind == Packet::Kind::kRequest) {
      stream.asked += media_.file_size();
      ++stream.requests;
      stream.deadline = sc_time_stamp() + stream.recovery.timeout();
    } else {
      take_acknowledgement(stream, packet);
    }
  }
}

void Origin::take_acknowledgement(Stream& stream, const Packet& packet) {
  stream.limit = std::max(stream.limit, Bytes(packet.sequence) + packet.offers);
  const std::uint64_t delivered = losses_ ? stream.recovery.delivered() : 0;
  if (!stream.recovery.acknowledge(packet.sequence, packet.sack)) return;
  const Bytes before = stream.acknowledged;
  stream.acknowledged = std::max(before, Bytes(packet.sequence));
  stream.deadline = sc_time_stamp() + stream.recovery.timeout();
  if (!losses_) return;
  const std::uint64_t segment = segment_size(nic_).count();  // one per window
  stream.credit += Bytes(stream.recovery.delivered() - delivered + segment);
  stream.window += Bytes(segment * (stream.acknowledged - before).count() / stream.window.count());
  if (!stream.recovery.next().empty() && stream.acknowledged >= stream.recovered) {
    stream.recovered = stream.sent;
    stream.credit = Bytes(segment);
    stream.window = std::max(packet_ * 2, Bytes(stream.window.count() / 2));
  }
}

/// When the next one ends.
sc_time Origin::check_timers() {
  sc_time first = sc_core::sc_max_time();
  for (Stream& stream : streams_) {
    if (stream.acknowledged == stream.sent) continue;
    if (stream.deadline <= sc_time_stamp()) {
      stream.recovery.time_out(stream.sent.count());
      stream.recovered = stream.sent;
      stream.window = packet_ * 2;
      stream.credit = packet_;
      stream.deadline = sc_time_stamp() + stream.recovery.timeout();
    }
    first = std::min(first, stream.deadline);
  }
  return first;
}

/// What the stream sends next: what was lost, or the next packet, if the windows let it go.
Origin::Stretch Origin::next(const Stream& stream) const {
  const auto rest_of_file = [&](Bytes at) { return media_.file_size() - at % media_.file_size(); };
  Stretch lost;
  const bool recovers = losses_ && stream.acknowledged < stream.recovered;
  if (losses_) {
    lost = stream.recovery.next();
    lost.end = std::min(lost.end, lost.begin + rest_of_file(Bytes(lost.begin)).count());
  }
  if (!lost.empty()) {
    const Bytes bytes(lost.end - lost.begin);
    const Bytes in_flight = stream.recovery.in_flight(stream.sent.count());
    if (in_flight + bytes > stream.window || bytes > stream.credit) return {};
    return lost;
  }
  if (stream.sent == stream.asked) return {};
  const Bytes end = stream.sent + std::min(packet_, rest_of_file(stream.sent));
  if (end > stream.limit || end - stream.acknowledged > stream.window) return {};
  if (recovers && end - stream.sent > stream.credit) return {};
  return {stream.sent.count(), end.count()};
}

void Origin::send(std::uint32_t number, const Stretch& stretch) {
  const Bytes bytes(stretch.end - stretch.begin);
  wait(wire_bytes(bytes, nic_.mtu) / nic_.rate);
  Stream& stream = streams_[number];
  Content content;
  media_.read(number % media_.files(), stretch.begin % media_.file_size().count(), bytes, content);
  Packet packet;
  packet.connection = clients_ + number;
  packet.sequence = stretch.begin;
  packet.bytes = bytes;
  packet.content = &content;
  packet.frames = frames_for(bytes, nic_.mtu);
  packet.segment = segment_size(nic_);
  packet.counterpart = stream.requests * kRequestText.count();
  packet.timestamp = timestamp_of(lead_ + sc_time_stamp());
  packet.echo = stream.echo;
  packet.window = announced_;
  packet.identification = static_cast<std::uint16_t>(stream.identification + 1);
  stream.identification = static_cast<std::uint16_t>(stream.identification + packet.frames);
  stream.credit -= std::min(stream.credit, bytes);
  if (Bytes(stretch.begin) < stream.sent) {
    stream.recovery.sent_again(stretch, stream.sent.count());
    ++retransmits_;
  } else {
    if (stream.acknowledged == stream.sent) {
      stream.deadline = sc_time_stamp() + stream.recovery.timeout();
    }
    stream.sent += bytes;
  }
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&packet);
  sc_time delay = one_way_;
  out->b_transport(payload, delay);
  payload.clear_extension(&packet);
}

}  // namespace copypath
