#include "models/workload/tcp_peer.h"

#include <algorithm>

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

TcpPeer::TcpPeer(const sc_core::sc_module_name& name, const Config& config)
    : sc_module(name),
      nic_(config.nic),
      one_way_(config.socket.rtt / 2),
      lead_(timestamps_lead(config.socket.rtt)),
      // At most half the window, so that one packet can be read while another is on its way.
      packet_(std::min(merged_packet(config.nic), Bytes(config.socket.receive_buffer.count() / 2))),
      announced_(scaled_window(config.socket.window)) {
  in.register_b_transport(this, &TcpPeer::take_packet);
  SC_HAS_PROCESS(TcpPeer);
  SC_THREAD(serve);
}

void TcpPeer::add(Stream stream) {
  if (losses_) stream.tcp.expect_losses(sc_time_stamp());
  streams_.push_back(std::move(stream));
}

TcpPeer::Stream& TcpPeer::stream_of(std::uint32_t connection) {
  return *std::find_if(streams_.begin(), streams_.end(), [connection](const Stream& stream) {
    return stream.connection == connection;
  });
}

void TcpPeer::expect_losses() {
  losses_ = true;
  for (Stream& stream : streams_) stream.tcp.expect_losses(sc_time_stamp());
  arrival_.notify(sc_core::SC_ZERO_TIME);
}

void TcpPeer::take_packet(tlm::tlm_generic_payload& payload, sc_time& delay) {
  arrivals_.push_back({sc_time_stamp() + delay + one_way_, *payload.get_extension<Packet>()});
  arrival_.notify();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void TcpPeer::serve() {
  for (;;) {
    read_arrivals();
    const sc_time timer = check_timers();
    Stretch stretch;
    std::size_t passed = 0;
    while (passed < streams_.size() && (stretch = next(streams_[next_])).empty()) {
      next_ = (next_ + 1) % streams_.size();
      ++passed;
    }
    if (passed == streams_.size()) {
      wait_until(std::min(timer, next_work()));
      continue;
    }
    send(streams_[next_], stretch);
    next_ = (next_ + 1) % streams_.size();
  }
}

/// Of the packets of the server, those that are there.
void TcpPeer::read_arrivals() {
  while (!arrivals_.empty() && arrivals_.front().time <= sc_time_stamp()) {
    const Packet& packet = arrivals_.front().packet;
    take(stream_of(packet.connection), packet);
    arrivals_.pop_front();
  }
}

/// When the next one ends.
sc_time TcpPeer::check_timers() {
  sc_time first = sc_core::sc_max_time();
  if (!losses_) return first;
  for (Stream& stream : streams_) first = std::min(first, stream.tcp.check_timer(sc_time_stamp()));
  return first;
}

/// Or until a packet is there.
void TcpPeer::wait_until(sc_time until) {
  if (!arrivals_.empty()) until = std::min(until, arrivals_.front().time);
  if (until == sc_core::sc_max_time()) {
    wait(arrival_);
  } else {
    wait(until - sc_time_stamp(), arrival_);
  }
}

void TcpPeer::take(Stream& stream, const Packet& packet) {
  stream.echo = packet.timestamp;
  if (packet.kind == Packet::Kind::kAcknowledgement) {
    stream.tcp.take_acknowledgement(packet, sc_time_stamp());
  } else {
    ++stream.requests;
  }
}

// When the NIC lets it and it has passed over the wire.
void TcpPeer::send(Stream& stream, const Stretch& stretch) {
  Packet packet;
  packet.bytes = Bytes(stretch.end - stretch.begin);
  packet.frames = frames_for(packet.bytes, nic_.mtu);
  if (receiver_ != nullptr) {
    receiver_->wait_for_room(packet.bytes + kFrameHeaders * packet.frames);
  }
  wait(wire_bytes(packet.bytes, nic_.mtu) / nic_.rate);
  Content content;
  read(stream, stretch, content);
  packet.connection = stream.connection;
  packet.sequence = stretch.begin;
  packet.content = &content;
  packet.segment = segment_size(nic_);
  packet.counterpart = stream.requests * kRequestText.count();
  packet.timestamp = timestamp_of(lead_ + sc_time_stamp());
  packet.echo = stream.echo;
  packet.window = announced_;
  packet.identification = static_cast<std::uint16_t>(stream.identification + 1);
  stream.identification = static_cast<std::uint16_t>(stream.identification + packet.frames);
  stream.tcp.send(stretch, sc_time_stamp());
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_extension(&packet);
  sc_time delay = one_way_;
  out->b_transport(payload, delay);
  payload.clear_extension(&packet);
}

}  // namespace copypath
