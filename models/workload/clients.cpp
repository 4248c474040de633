#include "models/workload/clients.h"

#include <algorithm>

#include "models/nic/frame.h"
#include "models/nic/frame_header.h"
#include "models/time_now.h"
#include "models/workload/response.h"

namespace copypath {

namespace {

/// After a round trip and this a request is sent again (TCP_RTO_MIN); doubled each time.
const sc_time kLeastTimeout = milliseconds(200);

}  // namespace

Clients::Clients(const sc_core::sc_module_name& name, const WorkloadConfig& config,
                 const SocketConfig& link, Media& media, Transformation transform,
                 const FaultConfig& faults, Bytes header)
    : sc_module(name),
      config_(config),
      faults_(faults),
      one_way_(link.rtt / 2),
      lead_(timestamps_lead(link.rtt)),
      ack_every_(link.ack_every),
      window_(scaled_window(link.window)),
      media_(media),
      transform_(transform),
      requests_(config, media),
      header_(header),
      clients_(config.clients),
      losses_(faults.lossy()) {
  in.register_b_transport(this, &Clients::take);
  SC_HAS_PROCESS(Clients);
  SC_METHOD(ask_again);
  sensitive << asking_;
  dont_initialize();
  for (unsigned number = 0; number < clients_.size(); ++number) {
    clients_[number].request = requests_.at(number, 0);
    // The first one is there when the run begins, unless a list says otherwise.
    clients_[number].asked = clients_[number].request.time == sc_core::SC_ZERO_TIME ? 1 : 0;
    if (config.kind == WorkloadKind::kWebServer) clients_[number].header = header_;
    // SYN, ACK, and what is there already.
    clients_[number].identification = static_cast<std::uint16_t>(2 + clients_[number].asked);
  }
}

void Clients::start_of_simulation() {
  if (expected() == Bytes(0)) all_delivered_.notify(sc_core::SC_ZERO_TIME);
}

void Clients::ask_later() {
  for (unsigned number = 0; number < clients_.size(); ++number) {
    const sc_time time = clients_[number].request.time;
    if (time > sc_core::SC_ZERO_TIME) ask(number, time);
  }
}

void Clients::take(tlm::tlm_generic_payload& payload, sc_time& delay) {
  const Packet& packet = *payload.get_extension<Packet>();
  Client& client = clients_[packet.connection];
  const sc_time arrival = time_now() + delay + one_way_;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
  client.echo = packet.timestamp;
  if (client.gone) {
    reply(Packet::Kind::kReset, packet.connection, client.received.count(), delay + one_way_ * 2);
    return;
  }
  if (!losses_) {
    if (packet.sequence != client.received.count()) correct_ = false;
    take_in_order(packet, packet.bytes, *packet.content, arrival);
    return;
  }
  const std::uint64_t received = client.received.count();
  if (packet.sequence > received || packet.sequence + packet.bytes.count() <= received) {
    return take_out_of_order(packet, delay);
  }
  Content ready;
  client.reassembly.take(received, packet.sequence, *packet.content, ready);
  client.asks_again = sc_core::SC_ZERO_TIME;
  take_in_order(packet, ready.size(), ready, arrival);
}

/// Beyond a gap, or not new: a duplicate acknowledgement, at once, for each segment (RFC 5681), or
/// for all that GRO has merged.
void Clients::take_out_of_order(const Packet& packet, sc_time delay) {
  Client& client = clients_[packet.connection];
  const bool merged = ack_every_ == 0 || packet.segment == Bytes(0);
  const Bytes segment = merged ? packet.bytes : packet.segment;
  for (Bytes at; at < packet.bytes; at += segment) {
    const Bytes bytes = std::min(segment, packet.bytes - at);
    Content ready;
    client.reassembly.take(client.received.count(), packet.sequence + at.count(),
                           packet.content->slice(at.count(), bytes.count()), ready);
    reply(Packet::Kind::kAcknowledgement, packet.connection, client.received.count(),
          delay + one_way_ * 2);
  }
}

/// The next bytes of the stream.
void Clients::take_in_order(const Packet& packet, Bytes bytes, const Content& content,
                            sc_time arrival) {
  const std::uint32_t number = packet.connection;
  Client& client = clients_[number];
  Packet answer;
  answer.connection = number;
  answer.before = client.received.count();
  answer.frames = acknowledgements(packet.frames);
  answer.segment = packet.segment * ack_every_;
  const Bytes fetched = take_content(client, number, bytes, content);
  sc_time consumed = arrival;
  if (const Rate rate = rate_of(number); rate != Rate()) {
    const sc_time takes = bytes / rate;
    consumed = std::max(arrival, client.free_at) + takes;
    client.busy += takes;
  }
  client.free_at = consumed;
  const sc_time back = consumed - time_now() + one_way_;
  const bool complete = count(number, bytes, fetched, consumed);
  if (faults_.disconnects(number) && client.fetched >= faults_.disconnect_after &&
      client.complete < requests_.count(number) && client.received != client.aborted_after) {
    go_away(number, consumed);
    reply(Packet::Kind::kReset, number, client.received.count(), back);
    return;
  }
  answer.kind = Packet::Kind::kAcknowledgement;
  answer.sequence = client.received.count();
  reply(answer, back);
  if (asks_now(client, number, complete)) {
    const sc_time now = time_now();
    const sc_time listed = client.request.time > now ? client.request.time - now : sc_time();
    ask(number, std::max(back, listed));
  }
}

/// Whether it is time for the next request. `complete`: the one at hand has just been completed.
/// Who fetches from a log goes on fetching, even when there will be no answer.
bool Clients::asks_now(Client& client, std::uint32_t number, bool complete) const {
  if (config_.kind != WorkloadKind::kLogBroker) {
    return complete && client.complete < requests_.count(number);
  }
  if (client.fetched != client.answered || client.header > Bytes(0)) return false;
  client.answered = Bytes(~std::uint64_t{0});
  return true;
}

void Clients::answer(std::uint32_t connection, Bytes bytes) {
  Client& client = clients_[connection];
  client.header = header_;
  client.answered = client.fetched + bytes;
}

void Clients::ask(std::uint32_t number, sc_time delay) {
  Client& client = clients_[number];
  reply(Packet::Kind::kRequest, number, client.asked, delay);
  ++client.asked;
  if (losses_) await_answer(client, time_now() + delay);
}

/// To the request at hand, which is sent at that time.
void Clients::await_answer(Client& client, sc_time sent) {
  client.asked_again = 0;
  client.asks_again = sent + one_way_ * 2 + kLeastTimeout;
  asking_.notify(client.asks_again - time_now());
}

/// Whoever waits does not know whether the request has come.
void Clients::expect_losses() {
  if (losses_) return;
  losses_ = true;
  for (std::uint32_t number = 0; number < clients_.size(); ++number) {
    Client& client = clients_[number];
    if (client.gone || client.complete == requests_.count(number)) continue;
    await_answer(client, std::max({time_now(), client.request.time, client.free_at}));
  }
}

/// Repeats the requests that have not been answered for long.
void Clients::ask_again() {
  const sc_time now = time_now();
  sc_time next = sc_core::sc_max_time();
  for (std::uint32_t number = 0; number < clients_.size(); ++number) {
    Client& client = clients_[number];
    if (client.asks_again == sc_core::SC_ZERO_TIME || client.gone) continue;
    if (client.asks_again <= now) {
      reply(Packet::Kind::kRequest, number, client.asked - 1, one_way_);
      client.asks_again =
          now + (one_way_ * 2 + kLeastTimeout) * (1U << std::min(++client.asked_again, 9U));
    }
    next = std::min(next, client.asks_again);
  }
  if (next != sc_core::sc_max_time()) asking_.notify(next - now);
}

/// close() with something unread: the peer learns of it by a reset.
void Clients::go_away(std::uint32_t number, sc_time at) {
  Client& client = clients_[number];
  client.gone = true;
  ++aborted_;
  missing_ += requests_.total(number) - client.fetched;
  finish(at);
}

bool Clients::take_here(std::uint32_t connection, Bytes bytes, const Content& content) {
  Client& client = clients_[connection];
  const Bytes fetched = take_content(client, connection, bytes, content);
  return count(connection, bytes, fetched, time_now());
}

/// Checks the next bytes of a stream. Returns how many bytes of the file they have completed.
Bytes Clients::take_content(Client& client, std::uint32_t number, Bytes bytes,
                            const Content& content) {
  if (transform_ == Transformation::kNone && client.header == Bytes(0)) {
    check(client, number, bytes, content);
    return bytes;
  }
  Content file;
  if (transform_ == Transformation::kNone) {
    file = content;
  } else {
    if (!client.decoder) client.decoder = make_decoder(transform_, number, config_);
    if (!client.decoder->decode(content, file)) correct_ = false;
  }
  if (client.header > Bytes(0)) take_header(client, file);
  const Bytes fetched = file.size();
  if (fetched > Bytes(0)) check(client, number, fetched, file);
  return fetched;
}

/// Takes what there is of a response's header off the beginning of the stream.
void Clients::take_header(Client& client, Content& stream) {
  const Bytes size = std::min(client.header, stream.size());
  if (size == Bytes(0)) return;
  const std::uint64_t offset = (header_ - client.header).count();
  if (!media_.holds(header_file(media_), offset, size, stream.slice(0, size.count()))) {
    correct_ = false;
  }
  client.header -= size;
  stream = stream.slice(size.count(), (stream.size() - size).count());
}

/// Whether these bytes of the stream, consumed at that time, complete a request with the `fetched`
/// bytes of it that they hold.
bool Clients::count(std::uint32_t number, Bytes bytes, Bytes fetched, sc_time consumed) {
  Client& client = clients_[number];
  client.received += bytes;
  client.fetched += fetched;
  client.last = consumed;
  delivered_ += fetched;
  if (client.received == client.aborted_after) {
    finish_aborted(number);
    return false;
  }
  if (fetched == Bytes(0) || client.fetched != client.begins + client.request.bytes) {
    if (fetched > Bytes(0) && client.fetched == client.ends_after) finish(consumed);
    return false;
  }
  if (++client.complete == requests_.count(number)) {
    finish(consumed);
  } else {
    client.begins = client.fetched;
    client.request = requests_.at(number, client.complete);
    if (config_.kind == WorkloadKind::kWebServer) client.header = header_;
  }
  return true;
}

/// A client has all that it will get.
void Clients::finish(sc_time at) {
  finish_time_ = std::max({finish_time_, at, time_now()});
  if (++finished_ == clients_.size()) {
    all_delivered_.notify(finish_time_ - time_now());
  }
}

void Clients::abort(std::uint32_t connection, Bytes sent) {
  Client& client = clients_[connection];
  if (client.gone) return;
  client.aborted_after = sent;
  ++aborted_;
  if (client.received == sent) finish_aborted(connection);
}

void Clients::finish_aborted(std::uint32_t number) {
  const Client& client = clients_[number];
  missing_ += requests_.total(number) - client.fetched;
  finish(client.last);
}

void Clients::end_stream(std::uint32_t connection, Bytes bytes) {
  Client& client = clients_[connection];
  client.ends_after = bytes;
  if (client.fetched == bytes) finish(client.last);
}

void Clients::check(const Client& client, std::uint32_t number, Bytes bytes,
                    const Content& content) {
  const Request& request = client.request;
  const Bytes in_request = client.fetched - client.begins;
  const Bytes position = request.offset + in_request;
  if (client.complete == requests_.count(number) ||  // nobody asked for more
      in_request + bytes > request.bytes) {
    correct_ = false;
  } else if (!media_.holds(request.file, position.count(), bytes, content)) {
    correct_ = false;
    corrupted_ += media_.differing(request.file, position.count(), content);
  }
}

void Clients::reply(Packet::Kind kind, std::uint32_t connection, std::uint64_t sequence,
                    sc_time delay) {
  Packet packet;
  packet.kind = kind;
  packet.connection = connection;
  packet.sequence = sequence;
  reply(packet, delay);
}

void Clients::reply(Packet& packet, sc_time delay) {
  Client& client = clients_[packet.connection];
  packet.counterpart = packet.kind == Packet::Kind::kRequest ? client.received.count()
                                                             : client.asked * kRequestText.count();
  packet.timestamp = timestamp_of(lead_ + time_now() + delay);
  packet.echo = client.echo;
  packet.window = window_;
  packet.identification = static_cast<std::uint16_t>(client.identification + 1);
  client.identification = static_cast<std::uint16_t>(client.identification + packet.frames);
  if (packet.kind == Packet::Kind::kAcknowledgement && !client.reassembly.empty()) {
    packet.sack = client.reassembly.sack();
  }
  reply_.set_command(tlm::TLM_WRITE_COMMAND);
  reply_.set_extension(&packet);
  out->b_transport(reply_, delay);
  reply_.clear_extension(&packet);
}

double Clients::utilisation(sc_time now) const {
  sc_time most;
  for (const Client& client : clients_) most = std::max(most, client.busy);
  return now == sc_core::SC_ZERO_TIME ? 0 : std::min(1.0, most / now);
}

void Clients::trace(sc_core::sc_trace_file* file) const {
  sc_trace(file, delivered_, "clients.delivered_bytes");
}

}  // namespace copypath
