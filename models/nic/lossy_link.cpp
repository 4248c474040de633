#include "models/nic/lossy_link.h"

#include <algorithm>

#include "models/scrambled.h"

namespace copypath {

using sc_core::sc_time_stamp;

LossyLink::LossyLink(const sc_core::sc_module_name& name, const Config& config)
    : sc_module(name),
      nic_(config.nic),
      faults_(config.faults),
      small_packets_(config.workload.clients) {
  from_network.register_b_transport(this, &LossyLink::pass_to_clients);
  from_clients.register_b_transport(this, &LossyLink::pass_to_network);
}

/// Whether chance takes this one.
bool LossyLink::draws(std::uint32_t connection, bool to_server, std::uint64_t number,
                      unsigned attempt) const {
  std::uint64_t hash = faults_.seed;
  for (const std::uint64_t part :
       {std::uint64_t{connection} << 1 | (to_server ? 1 : 0), number, std::uint64_t{attempt}}) {
    hash = scrambled(hash ^ part);
  }
  constexpr double kUnit = 1.0 / (std::uint64_t{1} << 53);
  return static_cast<double>(hash >> 11) * kUnit < faults_.frame_loss;
}

/// The frame that begins at `at` of the packet and passes at that time.
bool LossyLink::loses_frame(const Packet& packet, Bytes at, sc_time passes) {
  const auto key = std::make_pair(packet.connection, packet.sequence + at.count());
  const auto before = lost_.find(key);
  const unsigned attempt = before == lost_.end() ? 0 : before->second;
  const bool lost =
      !faults_.has_carrier(passes) || draws(packet.connection, false, key.second, attempt);
  if (lost) {
    ++lost_[key];
    ++frames_lost_;
  } else if (before != lost_.end()) {
    lost_.erase(before);
  }
  return lost;
}

/// A packet arrives with its last frame; the others passed before, one behind the other.
void LossyLink::pass_to_clients(tlm::tlm_generic_payload& payload, sc_time& delay) {
  const Packet& packet = *payload.get_extension<Packet>();
  const Bytes segment = segment_size(nic_);
  const sc_time end = sc_time_stamp() + delay;
  Bytes begin;  // of the run of frames that are left
  for (Bytes at; at < packet.bytes; at += segment) {
    const Bytes next = std::min(at + segment, packet.bytes);
    if (!loses_frame(packet, at, end - wire_bytes(packet.bytes - next, nic_.mtu) / nic_.rate)) {
      continue;
    }
    pass_part(packet, begin, at, delay);
    begin = next;
  }
  if (begin == Bytes(0)) {
    to_clients->b_transport(payload, delay);
  } else {
    pass_part(packet, begin, packet.bytes, delay);
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void LossyLink::pass_part(const Packet& packet, Bytes begin, Bytes end, sc_time& delay) {
  if (begin == end) return;
  const Content content = packet.content->slice(begin.count(), (end - begin).count());
  Packet part = packet;
  part.sequence += begin.count();
  part.bytes = end - begin;
  part.content = &content;
  part.frames = frames_for(part.bytes, nic_.mtu);
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&part);
  to_clients->b_transport(payload, delay);
  payload.clear_extension(&part);
}

/// Frames that follow one another are lost one by one; what is left goes on in runs.
void LossyLink::pass_to_network(tlm::tlm_generic_payload& payload, sc_time& delay) {
  const Packet& packet = *payload.get_extension<Packet>();
  const bool carrier = faults_.has_carrier(sc_time_stamp() + delay);
  std::uint64_t& number = small_packets_[packet.connection];
  std::uint64_t begin = 0;  // of the run of frames that are left
  for (std::uint64_t frame = 0; frame < packet.frames; ++frame, ++number) {
    if (carrier && !draws(packet.connection, true, number, 0)) continue;
    ++frames_lost_;
    pass_run(packet, begin, frame, delay);
    begin = frame + 1;
  }
  if (begin == 0) {
    to_network->b_transport(payload, delay);
  } else {
    pass_run(packet, begin, packet.frames, delay);
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

/// Frames [first, end) of those that follow one another.
void LossyLink::pass_run(const Packet& packet, std::uint64_t first, std::uint64_t end,
                         sc_time& delay) {
  if (first == end) return;
  Packet part = packet;
  part.frames = end - first;
  part.identification = static_cast<std::uint16_t>(packet.identification + first);
  if (packet.kind == Packet::Kind::kAcknowledgement) {
    if (first > 0) part.before = packet.acknowledged_by(first - 1);
    part.sequence = packet.acknowledged_by(end - 1);
  }
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&part);
  to_network->b_transport(payload, delay);
  payload.clear_extension(&part);
}

}  // namespace copypath
