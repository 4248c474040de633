#include "models/platform/packet_capture.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "models/nic/frame_header.h"
#include "models/nic/tls_record.h"
#include "models/platform/simulate.h"

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
      acknowledged_(segment_size(config.nic) * config.socket.ack_every),
      workload_(config.workload),
      tls_(path.transform == Transformation::kTls),
      rtt_(config.socket.rtt),
      lead_(timestamps_lead(rtt_)),
      horizon_(wire_bytes(kLargestPacket, nic_.mtu) / nic_.rate),
      asked_(config.workload, media),
      file_size_(media.file_size()),
      files_(media.files()),
      file_(file),
      handle_(
          pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapshot, PCAP_TSTAMP_PRECISION_NANO)),
      dumper_(pcap_dump_open(handle_.get(), file.c_str())) {
  if (!dumper_) throw OutputError(pcap_geterr(handle_.get()));
  from_nic.register_b_transport(this, &PacketCapture::pass_to_network);
  from_network.register_b_transport(this, &PacketCapture::pass_to_nic);
  const SocketConfig& socket = config.socket;
  const Bytes segment = segment_size(nic_);
  const bool proxy = path.reads == Reads::kOrigin;  // with a second connection per client
  const Addressing addressing(config, tls_);
  for (std::uint32_t i = 0; i < addressing.clients + (proxy ? workload_.clients : 0); ++i) {
    const auto opener = i < addressing.clients ? Conversation::kPeer : Conversation::kServer;
    conversations_.emplace_back(i, opener, addressing, segment, socket.receive_buffer,
                                socket.window);
  }
  open_connections();
}

void PacketCapture::pass_to_network(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
  take(Conversation::kServer, payload, delay);
  to_network->b_transport(payload, delay);
}

void PacketCapture::pass_to_nic(int nic, tlm::tlm_generic_payload& payload, sc_time& delay) {
  take(Conversation::kPeer, payload, delay);
  to_nic[nic]->b_transport(payload, delay);
}

void PacketCapture::take(Conversation::Side from, tlm::tlm_generic_payload& payload,
                         sc_time delay) {
  const Packet& packet = *payload.get_extension<Packet>();
  const sc_time end = sc_time_stamp() + delay;
  Passing frame{};
  frame.kind = packet.kind;
  frame.from = from;
  frame.connection = packet.connection;
  frame.sequence = packet.sequence;
  frame.sack = packet.sack;
  frame.frames = packet.frames;
  if (packet.kind == Packet::Kind::kData) {
    cut(packet, frame, end);
  } else {
    passing_.emplace(end, frame);
  }
  if (sc_time_stamp() > horizon_) write_until(sc_time_stamp() - horizon_);
}

/// The frames of a packet follow one another at line rate; the last one has passed at `end`.
void PacketCapture::cut(const Packet& packet, Passing frame, sc_time end) {
  const Bytes segment = segment_size(nic_);
  frame.payload = std::make_shared<const Payload>(shown(*packet.content));
  unsigned number = 0;
  for (Bytes at; at < packet.bytes; at += segment, ++number) {
    const Bytes bytes = std::min(segment, packet.bytes - at);
    const Bytes rest = packet.bytes - at - bytes;
    if (packet.headers != nullptr) {
      std::copy_n(packet.headers, frame.headers.size(), frame.headers.begin());
      cut_headers(frame.headers.data(), {number, static_cast<std::uint32_t>(at.count()),
                                         bytes.count(), rest == Bytes(0)});
      complete_ip_checksum(frame.headers.data());
      complete_tcp_checksum(frame.headers.data(), frame.payload->data() + at.count(),
                            bytes.count());
    }
    frame.sequence = packet.sequence + at.count();
    frame.at = at.count();
    frame.bytes = bytes.count();
    passing_.emplace(end - wire_bytes(rest, nic_.mtu) / nic_.rate, frame);
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
  while (!passing_.empty() && passing_.begin()->first <= time) {
    write(passing_.begin()->second, passing_.begin()->first + lead_);
    passing_.erase(passing_.begin());
  }
}

void PacketCapture::write(const Passing& frame, sc_time time) {
  Conversation& conversation = conversations_[frame.connection];
  switch (frame.kind) {
    case Packet::Kind::kRequest:
      write_request(conversation, frame.from, frame.connection, frame.sequence, time);
      return;
    case Packet::Kind::kReset:
      if (conversation.is_reset()) return;
      conversation.reset(frame.from, timestamp_of(time), frame_);
      break;
    case Packet::Kind::kAcknowledgement:
      for (std::uint64_t i = 1; i < frame.frames; ++i) {
        const std::uint64_t next = conversation.received(frame.from) + acknowledged_.count();
        conversation.receive(frame.from, std::min(next, frame.sequence));
        conversation.acknowledge(frame.from, timestamp_of(time), frame_);
        dump(time);
      }
      conversation.receive(frame.from, frame.sequence);
      conversation.acknowledge(frame.from, timestamp_of(time), frame_, frame.sack);
      break;
    case Packet::Kind::kData: {
      if (frame.from == Conversation::kServer) {
        write_sent(conversation, frame);
        break;
      }
      const bool last = frame.at + frame.bytes == frame.payload->size();
      conversation.data(frame.from, timestamp_of(time), frame.sequence,
                        frame.payload->data() + frame.at, frame.bytes, last, frame_);
      break;
    }
  }
  dump(time);
}

/// As the NIC has sent it.
void PacketCapture::write_sent(Conversation& conversation, const Passing& frame) {
  frame_.assign(frame.headers.begin(), frame.headers.end());
  const auto begin = frame.payload->begin() + static_cast<std::ptrdiff_t>(frame.at);
  frame_.insert(frame_.end(), begin, begin + static_cast<std::ptrdiff_t>(frame.bytes));
  conversation.sent(Headers::decode(frame.headers.data()), frame.sequence + frame.bytes);
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

void PacketCapture::write_request(Conversation& conversation, Conversation::Side from,
                                  std::uint32_t connection, std::uint64_t number, sc_time time) {
  const std::uint32_t client = connection % workload_.clients;
  const TlsCipher::Header header = TlsCipher::header(kTlsRequest);
  const bool encrypted = from == Conversation::kPeer && tls_;
  std::string text = request_text(client, number, from == Conversation::kPeer);
  text.resize((encrypted ? kTlsRequest : kRequestText.count()) - 2, ' ');
  text += "\r\n";
  Payload bytes(text.begin(), text.end());
  if (encrypted) {
    bytes.resize(bytes.size() + kTlsTrailer.count());
    std::for_each(bytes.begin(), bytes.end(), scramble);
    bytes.insert(bytes.begin(), header.begin(), header.end());
  }
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
