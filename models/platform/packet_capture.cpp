#include "models/platform/packet_capture.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "models/nic/frame_header.h"
#include "models/nic/tls_record.h"
#include "models/output_error.h"

namespace copypath {

using sc_core::sc_time_stamp;

namespace {

/// No packet that a NIC gets or that GRO makes is longer (GSO_LEGACY_MAX_SIZE).
constexpr Bytes kLargestPacket{65536};
/// The text of a request in a TLS record that is as long as a request is.
constexpr std::uint64_t kTlsRequest =
    kRequestText.count() - kTlsTrailer.count() - std::tuple_size<TlsCipher::Header>::value;
constexpr int kSnapshot = 262144;  // tcpdump's

constexpr const char* kCutShort = "not everything could be written";

/// What nobody can read without the key.
void scramble(std::uint8_t& byte) { byte ^= 0xa5; }

void append_filler(const Run& run, std::vector<std::uint8_t>& to) {
  constexpr std::uint64_t kLine = 16;
  std::string line;
  for (std::uint64_t at = run.offset; at < run.offset + run.bytes; ++at) {
    if (line.empty() || at % kLine == 0) line = fmt::format("{:015x}\n", at - at % kLine);
    to.push_back(static_cast<std::uint8_t>(line[at % kLine]));
    if (run.form != Form::kPlain) scramble(to.back());
  }
}

/// The header of a TLS record is as it would be; its tag is zeros.
void append_framing(const Run& run, std::vector<std::uint8_t>& to) {
  const TlsCipher::Header header = TlsCipher::header(run.version);
  for (std::uint64_t at = run.offset; at < run.offset + run.bytes; ++at) {
    to.push_back(at < header.size() ? header[at] : 0);
  }
}

}  // namespace

std::vector<std::uint8_t> shown(const Content& content) {
  if (content.real()) return content.bytes();
  std::vector<std::uint8_t> bytes;
  bytes.reserve(content.size().count());
  for (const Run& run : content.runs()) {
    if (run.form == Form::kFraming) {
      append_framing(run, bytes);
    } else {
      append_filler(run, bytes);
    }
  }
  return bytes;
}

void PacketCapture::Close::operator()(pcap* handle) const { pcap_close(handle); }
void PacketCapture::Close::operator()(pcap_dumper* dumper) const { pcap_dump_close(dumper); }

PacketCapture::PacketCapture(const sc_core::sc_module_name& name, const Config& config,
                             const Media& media, const Path& path, const std::string& file)
    : sc_module(name),
      nic_(config.nic),
      workload_(config.workload),
      tls_(path.transform == Transformation::kTls),
      rtt_(config.socket.rtt),
      lead_(timestamps_lead(rtt_)),
      horizon_(wire_bytes(kLargestPacket, nic_.mtu) / nic_.rate),
      asked_(config.workload, media),
      file_size_(media.file_size()),
      files_(media.files()),
      file_(file),
      connections_(Addressing(config, tls_)),
      handle_(
          pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapshot, PCAP_TSTAMP_PRECISION_NANO)),
      dumper_(pcap_dump_open(handle_.get(), file.c_str())) {
  if (!dumper_) throw OutputError(pcap_geterr(handle_.get()));
  from_nic.register_b_transport(this, &PacketCapture::pass_to_network);
  from_network.register_b_transport(this, &PacketCapture::pass_to_nic);
  const SocketConfig& socket = config.socket;
  const Bytes segment = segment_size(nic_);
  const bool proxy = path.reads == Reads::kOrigin;  // with a second connection per client
  wires_.resize(nic_.count);
  const Addressing& addressing = connections_.addressing();
  for (std::uint32_t i = 0; i < addressing.clients + (proxy ? workload_.clients : 0); ++i) {
    const auto opener = i < addressing.clients ? Conversation::kPeer : Conversation::kServer;
    conversations_.emplace_back(i, opener, addressing, segment, socket.receive_buffer,
                                socket.window);
  }
  open_connections();
}

void PacketCapture::pass_to_network(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
  take_sent(*payload.get_extension<Packet>(), sc_time_stamp() + delay);
  to_network->b_transport(payload, delay);
}

void PacketCapture::pass_to_nic(int nic, tlm::tlm_generic_payload& payload, sc_time& delay) {
  take_coming(static_cast<unsigned>(nic), *payload.get_extension<Packet>(),
              sc_time_stamp() + delay);
  to_nic[nic]->b_transport(payload, delay);
}

void PacketCapture::take_sent(const Packet& packet, sc_time end) {
  Passing frame{};
  frame.packet = packet;
  frame.from = Conversation::kServer;
  if (packet.kind == Packet::Kind::kData) {
    frame.payload = std::make_shared<const Payload>(shown(*packet.content));
    frame.header = kFrameHeaders.count();
    std::copy_n(packet.headers, frame.header, frame.headers.begin());
    cut(packet, frame, end);
  } else {
    passing_.emplace(end, frame);
  }
  if (sc_time_stamp() > horizon_) write_until(sc_time_stamp() - horizon_);
}

/// As the NIC does: payload is there with its last frame, a frame without payload as it begins.
void PacketCapture::take_coming(unsigned nic, const Packet& packet, sc_time arrival) {
  Coming coming{nic, packet, nullptr};
  sc_time start = arrival;
  if (packet.kind == Packet::Kind::kData) {
    coming.payload = std::make_shared<const Payload>(shown(*packet.content));
    const sc_time takes = packet.wire_bytes(nic_.mtu) / nic_.rate;
    start = std::max(wires_[nic].last_payload, arrival > takes ? arrival - takes : sc_time());
    wires_[nic].last_payload = start;
  }
  coming_.emplace(start, coming);
  if (sc_time_stamp() > horizon_) write_until(sc_time_stamp() - horizon_);
}

/// The frames of a packet follow one another at line rate; the last one has passed at `end`.
void PacketCapture::cut(const Packet& packet, Passing frame, sc_time end) {
  const Bytes segment = segment_size(nic_);
  const auto headers = frame.headers;
  unsigned number = 0;
  for (Bytes at; at < packet.bytes; at += segment, ++number) {
    const Bytes bytes = std::min(segment, packet.bytes - at);
    const Bytes rest = packet.bytes - at - bytes;
    frame.headers = headers;
    cut_headers(frame.headers.data(),
                {number, static_cast<std::uint32_t>(at.count()), bytes.count(), rest == Bytes(0)});
    complete_ip_checksum(frame.headers.data());
    complete_tcp_checksum(frame.headers.data(), frame.payload->data() + at.count(), bytes.count());
    frame.packet.sequence = packet.sequence + at.count();
    frame.at = at.count();
    frame.bytes = bytes.count();
    passing_.emplace(end - wire_bytes(rest, nic_.mtu) / nic_.rate, frame);
  }
}

/// The wire takes the packet when it is free.
void PacketCapture::queue(const Coming& coming, sc_time start) {
  const Packet& packet = coming.packet;
  sc_time& free = wires_[coming.nic].free;
  start = std::max(start, free);
  free = start + packet.wire_bytes(nic_.mtu) / nic_.rate;
  Passing frame{};
  frame.packet = packet;
  frame.from = Conversation::kPeer;
  frame.payload = coming.payload;
  const bool data = packet.kind == Packet::Kind::kData;
  const std::uint64_t frames = data ? 1 : packet.frames;
  const sc_time each = (free - start) / static_cast<double>(frames);
  for (std::uint64_t i = 0; i < frames; ++i) {
    frame.header = FrameHeader(packet, i).write(connections_, false, frame.headers.data());
    if (data) return cut(packet, frame, free);
    frame.packet.sequence = packet.acknowledged_by(i);
    complete_ip_checksum(frame.headers.data());
    passing_.emplace(start + each * static_cast<double>(i + 1), frame);
  }
}

/// So that the handshake ends, and the first request is there, when the run begins.
void PacketCapture::open_connections() {
  const sc_time before = lead_ - rtt_;
  for (Conversation& conversation : conversations_) {
    const Conversation::Side opener = conversation.opener();
    conversation.syn(opener, timestamp_of(before), frame_);
    dump(before);
    if (opener == Conversation::kServer) continue;
    conversation.syn(Conversation::other(opener), timestamp_of(before), frame_);
    dump(before);
  }
  for (std::uint32_t i = 0; i < conversations_.size(); ++i) {
    Conversation& conversation = conversations_[i];
    const Conversation::Side opener = conversation.opener();
    if (opener == Conversation::kServer) {
      conversation.syn(Conversation::kPeer, timestamp_of(lead_), frame_);
      dump(lead_);
    }
    conversation.acknowledge(opener, timestamp_of(lead_), frame_);
    dump(lead_);
    const bool asks = i < workload_.clients && asked_.at(i, 0).time == sc_time();
    if (asks) write_request(conversation, opener, i, 0, lead_);
  }
}

/// The server closes its connections to clients; a proxy those to the origin, too.
void PacketCapture::close_connections(sc_time at) {
  const auto end = [&](Conversation::Side side, sc_time time, bool is_fin) {
    for (Conversation& conversation : conversations_) {
      if (conversation.is_reset()) continue;
      if (is_fin) {
        conversation.fin(side, timestamp_of(time), frame_);
      } else {
        conversation.acknowledge(side, timestamp_of(time), frame_);
      }
      dump(time);
    }
  };
  end(Conversation::kServer, at, true);
  end(Conversation::kPeer, at + rtt_, true);
  end(Conversation::kServer, at + rtt_, false);
}

void PacketCapture::write_until(sc_time time) {
  while (!coming_.empty() && coming_.begin()->first <= time) {
    queue(coming_.begin()->second, coming_.begin()->first);
    coming_.erase(coming_.begin());
  }
  while (!passing_.empty() && passing_.begin()->first <= time) {
    write(passing_.begin()->second, passing_.begin()->first + lead_);
    passing_.erase(passing_.begin());
  }
}

void PacketCapture::write(const Passing& frame, sc_time time) {
  const Packet& packet = frame.packet;
  Conversation& conversation = conversations_[packet.connection];
  if (frame.from == Conversation::kPeer || packet.kind == Packet::Kind::kData) {
    if (packet.kind == Packet::Kind::kReset && conversation.is_reset()) return;
    write_frame(conversation, frame);
  } else if (packet.kind == Packet::Kind::kRequest) {
    return write_request(conversation, frame.from, packet.connection, packet.sequence, time);
  } else {
    conversation.receive(frame.from, packet.sequence);
    conversation.acknowledge(frame.from, timestamp_of(time), frame_, packet.sack);
  }
  dump(time);
}

/// With the headers that it has in memory.
void PacketCapture::write_frame(Conversation& conversation, const Passing& frame) {
  const Packet& packet = frame.packet;
  std::uint64_t end = conversation.sent(frame.from);
  frame_.assign(frame.headers.begin(),
                frame.headers.begin() + static_cast<std::ptrdiff_t>(frame.header));
  if (packet.kind == Packet::Kind::kData) {
    const auto begin = frame.payload->begin() + static_cast<std::ptrdiff_t>(frame.at);
    frame_.insert(frame_.end(), begin, begin + static_cast<std::ptrdiff_t>(frame.bytes));
    end = packet.sequence + frame.bytes;
  } else if (packet.kind == Packet::Kind::kRequest) {
    const Payload text = request(frame.from, packet.connection, packet.sequence);
    frame_.insert(frame_.end(), text.begin(), text.end());
    end = packet.sequence * kRequestText.count() + text.size();
    conversation.receive(Conversation::other(frame.from), end);
  } else {
    conversation.receive(frame.from, packet.sequence);
  }
  complete_tcp_checksum(frame_.data(), frame_.data() + frame.header, frame_.size() - frame.header);
  conversation.sent(frame.from, Headers::decode(frame.headers.data()), end);
  if (packet.kind == Packet::Kind::kReset) conversation.set_reset();
}

/// In the manner of HTTP/0.9, with the range that is wanted. From where on a log is fetched the
/// broker and its client know; it is not in the packet. To a producer the broker answers.
std::string PacketCapture::request_text(std::uint32_t client, std::uint64_t number,
                                        bool of_client) const {
  if (workload_.kind == WorkloadKind::kLogBroker) {
    return fmt::format("{} {}", of_client ? "FETCH" : "APPENDED", number);
  }
  Request wanted{Bytes(0), file_size_, client % files_};  // a proxy fetches whole files
  if (of_client) wanted = asked_.at(client, number);
  return fmt::format("GET /file{} bytes {}+{}", wanted.file, wanted.offset.count(),
                     wanted.bytes.count());
}

PacketCapture::Payload PacketCapture::request(Conversation::Side from, std::uint32_t connection,
                                              std::uint64_t number) const {
  const bool of_client = from == Conversation::kPeer;
  const bool encrypted = of_client && tls_;
  std::string text = request_text(connection % workload_.clients, number, of_client);
  text.resize((encrypted ? kTlsRequest : kRequestText.count()) - 2, ' ');
  text += "\r\n";
  Payload bytes(text.begin(), text.end());
  if (encrypted) {
    const TlsCipher::Header header = TlsCipher::header(kTlsRequest);
    bytes.resize(bytes.size() + kTlsTrailer.count());
    std::for_each(bytes.begin(), bytes.end(), scramble);
    bytes.insert(bytes.begin(), header.begin(), header.end());
  }
  return bytes;
}

void PacketCapture::write_request(Conversation& conversation, Conversation::Side from,
                                  std::uint32_t connection, std::uint64_t number, sc_time time) {
  const Payload bytes = request(from, connection, number);
  conversation.data(from, timestamp_of(time), number * kRequestText.count(), bytes.data(),
                    bytes.size(), true, frame_);
  conversation.receive(Conversation::other(from), conversation.sent(from));
  dump(time);
}

void PacketCapture::dump(sc_time time) {
  constexpr std::uint64_t kPerNanosecond = 1000, kPerSecond = 1'000'000'000'000;  // picoseconds
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<time_t>(time.value() / kPerSecond);
  header.ts.tv_usec = static_cast<suseconds_t>(time.value() % kPerSecond / kPerNanosecond);
  header.caplen = header.len = static_cast<bpf_u_int32>(frame_.size());
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, frame_.data());
}

void PacketCapture::close(bool finished) {
  if (!dumper_) return;
  if (finished) {
    while (!coming_.empty()) write_until(coming_.rbegin()->first);
    const sc_time last = passing_.empty() ? sc_time_stamp() : passing_.rbegin()->first;
    write_until(last);
    close_connections(std::max(last, sc_time_stamp()) + lead_);
  } else {
    write_until(sc_time_stamp());
  }
  errno = 0;
  const bool flushed = pcap_dump_flush(dumper_.get()) == 0;
  const int error = errno;
  const bool whole = flushed && std::ferror(pcap_dump_file(dumper_.get())) == 0;
  dumper_.reset();
  if (!whole) throw OutputError(file_ + ": " + (error == 0 ? kCutShort : std::strerror(error)));
}

}  // namespace copypath
