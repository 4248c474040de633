#include "models/nic/receive_engine.h"

#include <algorithm>
#include <array>
#include <utility>

namespace copypath {

/// What waits for the interrupt of a queue.
class ReceiveEngine::Waiting : public WaitingFrames {
public:
  Waiting(ReceiveEngine& engine, unsigned queue) : engine_(engine), queue_(queue) {}
  sc_time place() override { return engine_.wants(queue_); }
  sc_time next() const override { return engine_.next(queue_); }

private:
  ReceiveEngine& engine_;
  unsigned queue_;
};

ReceiveEngine::ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config,
                             const PcieLink& link, NicQueues& queues)
    : sc_module(name), config_(config), connections_(queues.connections), link_(link) {
  queues_.resize(queues.queues.size());
  for (unsigned i = 0; i < queues_.size(); ++i) {
    queues_[i].waiting = std::make_unique<Waiting>(*this, i);
    queues_[i].vector = std::make_unique<InterruptVector>(
        ("vector" + std::to_string(i)).c_str(), config.interrupt_delay, *queues_[i].waiting);
  }
  SC_HAS_PROCESS(ReceiveEngine);
  SC_THREAD(receive);
}

ReceiveEngine::~ReceiveEngine() = default;

ReceiveEngine::Incoming& ReceiveEngine::new_incoming() {
  if (free_packets_.empty()) {
    packets_.push_back(std::make_unique<Incoming>());
    free_packets_.push_back(packets_.back().get());
  }
  Incoming& incoming = *free_packets_.back();
  free_packets_.pop_back();
  return incoming;
}

void ReceiveEngine::take(const Packet& packet, sc_time arrival) {
  Incoming& incoming = new_incoming();
  incoming.queue = queue_of(packet.connection);
  incoming.packet = packet;
  incoming.on_wire = packet.wire_bytes(config_.mtu);
  const sc_time takes = incoming.takes = incoming.on_wire / config_.rate;
  if (incoming.has_payload()) {
    incoming.packet.frames = frames_for(packet.bytes, config_.mtu);
    incoming.start = std::max(last_payload_, arrival > takes ? arrival - takes : sc_time());
    last_payload_ = incoming.start;
    contents_.push_back(*packet.content);
    ++payload_coming_;
    coming_ += incoming.on_chip();
    wake_.notify();
  } else {
    incoming.next = 0;
    incoming.end = packet.frames;
    incoming.start = arrival;
  }
  const auto later = [](const sc_time& time, const Incoming* other) { return time < other->start; };
  incoming_.insert(std::upper_bound(incoming_.begin(), incoming_.end(), incoming.start, later),
                   &incoming);
  if (!incoming.has_payload()) queues_[incoming.queue].vector->report_at(arrival + takes);
}

void ReceiveEngine::notify() {
  buffers_.notify();
  for (const Queue& queue : queues_) {
    if (!queue.frames.empty()) queue.vector->expect_next();
  }
}

/// Takes what has come off the wire.
void ReceiveEngine::advance() {
  for (; !incoming_.empty(); incoming_.pop_front()) {
    Incoming& front = *incoming_.front();
    const sc_time end = front.arrival(wire_free_);
    if (end > time_now()) return;
    wire_free_ = end;
    frames_ += front.packet.frames;
    wire_bytes_ += front.on_wire;
    if (front.has_payload()) {
      --payload_coming_;
      coming_ -= front.on_chip();
      admit(front);
      payload_.push_back(&front);
    } else {
      admit_empty(front);
    }
  }
}

bool ReceiveEngine::has_room(Bytes on_chip) const {
  return fifo_used_ + coming_ + on_chip <= config_.rx_fifo;
}

void ReceiveEngine::wait_for_room(Bytes on_chip) {
  if (!config_.flow_control || has_room(on_chip)) return;
  ++pauses_;
  while (!has_room(on_chip)) wait(drained_);
}

/// Drops what of the packet finds no room, when its last frame is there. What is left ends before
/// the end of what was sent in one go (PSH).
void ReceiveEngine::admit(Incoming& incoming) {
  Packet& packet = incoming.packet;
  const Bytes room = config_.rx_fifo - fifo_used_;
  if (incoming.on_chip() > room) {
    const Bytes segment = segment_size(config_);
    const std::uint64_t fit = room / (segment + kFrameHeaders);
    Content& content = contents_[payload_.size()];
    miss(packet.frames - fit);
    packet.frames = fit;
    packet.bytes = segment * fit;
    packet.more = true;
    content = content.slice(0, packet.bytes.count());
  }
  fifo_used_ += incoming.on_chip();
  Queue& queue = queues_[incoming.queue];
  queue.on_chip += packet.frames;
  const std::uint64_t free = queue.ring.free_buffers();
  if (queue.on_chip > free) without_buffer_ += std::min(packet.frames, queue.on_chip - free);
}

/// Frames without payload, of which the last ones may find no room.
void ReceiveEngine::admit_empty(Incoming& incoming) {
  const Packet& packet = incoming.packet;
  const Bytes room = config_.rx_fifo - fifo_used_;
  if (!config_.flow_control && room < packet.empty_frame() * packet.frames) {
    incoming.end = room / packet.empty_frame();
    miss(packet.frames - incoming.end);
    if (incoming.end == 0) return free_packets_.push_back(&incoming);
  }
  queues_[incoming.queue].frames.push_back(&incoming);
}

void ReceiveEngine::miss(std::uint64_t frames) {
  if (missed_ == 0 && first_miss_) first_miss_();
  missed_ += frames;
}

/// Places frames without payload that wait in that queue, at once or by the engine's process (see
/// WaitingFrames::place()). Not without a buffer: the driver has to see first what has been
/// reported.
sc_time ReceiveEngine::wants(unsigned number) {
  advance();
  Queue& queue = queues_[number];
  if (queue.frames.empty() || queue.ring.free_buffers() == 0) return sc_core::SC_ZERO_TIME;
  if (place_at_once(queue)) return memory.time();
  queue.placing = queue.placing || staged_for_ != &queue;
  wake_.notify();
  return end_of_time();
}

/// Without its own process, if that has nothing to do, the chip has the descriptors, and the bus
/// has room.
bool ReceiveEngine::place_at_once(Queue& queue) {
  if (!wake_.waiting() || !payload_.empty() || staged_for_ != nullptr) return false;
  const std::uint64_t frames = waiting_frames(queue);
  if (queue.ring.buffers_on_chip() < frames) return false;
  begin_staging(room_for(queue));
  stage_frames(queue, frames);
  if (memory.try_control_ahead(Movement::kReceiveFrames, pieces_, link_.write(pieces_)))
    return true;
  staged_for_ = &queue;
  return false;
}

/// When the next one of these has come.
sc_time ReceiveEngine::next(unsigned queue) const {
  if (!queues_[queue].frames.empty()) {  // without a buffer: when there is one (notify())
    return queues_[queue].ring.free_buffers() > 0 ? time_now() : end_of_time();
  }
  sc_time end = wire_free_;
  for (const Incoming* incoming : incoming_) {
    end = incoming->arrival(end);
    if (incoming->queue == queue && !incoming->has_payload()) return end;
  }
  return end_of_time();
}

void ReceiveEngine::receive() {
  for (;;) {
    advance();
    const auto placing = std::find_if(queues_.begin(), queues_.end(),
                                      [](const Queue& queue) { return queue.placing; });
    if (staged_for_ != nullptr) {
      memory.control(Movement::kReceiveFrames, pieces_, link_.write(pieces_));
      std::exchange(staged_for_, nullptr)->vector->report();
    } else if (placing != queues_.end()) {
      place_frames(*placing);
    } else if (!payload_.empty()) {
      Incoming& front = *payload_.front();
      if (front.packet.frames > 0) place(front, contents_.front());
      advance();  // until now it was there
      fifo_used_ -= front.on_chip();
      free_packets_.push_back(&front);
      payload_.pop_front();
      contents_.pop_front();
      if (config_.flow_control) drained_.notify();
    } else if (payload_coming_ > 0) {
      wake_.wait(incoming_.front()->arrival(wire_free_) - time_now());
    } else {
      wake_.wait();
    }
  }
}

std::uint64_t ReceiveEngine::waiting_frames(const Queue& queue) {
  std::uint64_t frames = 0;
  for (const Incoming* incoming : queue.frames) frames += incoming->end - incoming->next;
  return frames;
}

/// Prepares what waits in the queue to be written, `most` frames of it: those that have a buffer.
/// To wait for one here would be for ever: the driver gives back what has been reported to it.
void ReceiveEngine::stage_frames(Queue& queue, std::uint64_t most) {
  std::vector<Incoming*>& waiting = queue.frames;
  auto rest = waiting.begin();
  for (; rest != waiting.end() && (*rest)->end - (*rest)->next <= most; ++rest) {
    most -= (*rest)->end - (*rest)->next;
  }
  staging_.assign(waiting.begin(), rest);
  waiting.erase(waiting.begin(), rest);
  if (most > 0 && !waiting.empty()) {
    Incoming& part = new_incoming();
    part = *waiting.front();
    part.end = waiting.front()->next += most;
    staging_.push_back(&part);
  }
  queue.placing = !waiting.empty();
  for (Incoming* incoming : staging_) {
    const Packet& packet = incoming->packet;
    for (std::uint64_t frame = incoming->next; frame < incoming->end; ++frame) {
      place_frame(queue.ring, packet.connection, Bytes(0),
                  [&](std::uint8_t* to) { return put_empty_frame(packet, frame, to); });
    }
    free_packets_.push_back(incoming);
  }
  staging_.clear();
}

void ReceiveEngine::begin_staging(std::size_t most) {
  if (staged_.size() < most) staged_.resize(most);
  staged_bytes_ = 0;
  pieces_.clear();
  to_.clear();
}

/// Frames without payload that have come for a queue: all of them, or what there are buffers for.
void ReceiveEngine::place_frames(Queue& queue) {
  if (queue.ring.free_buffers() == 0) buffers_.wait();
  const unsigned free = queue.ring.free_buffers();
  if (free == 0) return;  // another queue's
  begin_staging(room_for(queue));
  stage_frames(queue, free);
  memory.control(Movement::kReceiveFrames, pieces_, link_.write(pieces_));
  queue.vector->report();
}

void ReceiveEngine::place(const Incoming& incoming, const Content& content) {
  Queue& queue = queues_[incoming.queue];
  const Bytes segment = segment_size(config_);
  const Packet& packet = incoming.packet;
  const std::uint64_t buffers = packet.frames + units_covering(packet.bytes, buffer_size(segment));
  while (!queue.frames.empty() && waiting_frames(queue) + buffers > queue.ring.free_buffers()) {
    place_frames(queue);  // there is no room for both
  }
  begin_staging(room_for(queue) + packet.frames * kFrameHeaders.count() +
                buffers * kDescriptorBytes);
  stage_frames(queue, waiting_frames(queue));  // that came before
  std::array<std::uint8_t, kLargestHeaders.count()> headers;
  const std::size_t size = FrameHeader(packet).write(connections_, false, headers.data());
  unsigned number = 0;
  for (Bytes done; done < packet.bytes; ++number, --queue.on_chip) {
    const Bytes payload = std::min(segment, packet.bytes - done);
    const auto offset = static_cast<std::uint32_t>(done.count());
    done += payload;
    const Cut cut{number, offset, payload.count(), done == packet.bytes};
    place_frame(queue.ring, packet.connection, payload, [&](std::uint8_t* to) {
      std::copy_n(headers.begin(), size, to);
      cut_headers(to, cut);
      if (content.real()) complete_tcp_checksum(to, content.bytes().data() + offset, cut.bytes);
      return size;
    });
  }
  memory.dma_write(Movement::kReceive, content, to_, link_.write(to_));
  memory.control(Movement::kReceiveFrames, pieces_, link_.write(pieces_));
  queue.vector->report();
}

/// What the frames of a queue take that wait.
std::size_t ReceiveEngine::room_for(const Queue& queue) {
  return waiting_frames(queue) *
         (kLargestHeaders.count() + kRequestText.count() + std::size_t{kDescriptorBytes});
}

/// The headers of a frame without payload, and behind them what a request says, which is short
/// enough for the buffer of its headers. Returns how long they are.
std::size_t ReceiveEngine::put_empty_frame(const Packet& packet, std::uint64_t frame,
                                           std::uint8_t* to) {
  const FrameHeader header(packet, frame);
  const std::size_t size = header.write(connections_, false, to);
  const std::size_t text = header.payload.count();
  std::fill_n(to + size, text, ' ');
  complete_tcp_checksum(to, to + size, text);
  return size + text;
}

/// Chooses the buffers of a frame, and prepares what is to be written beside its payload, of which
/// there are `bytes`. `put_headers` writes its headers and returns how long they are. Of payload
/// that there are only tags of, nobody can tell the checksum.
template <typename PutHeaders>
void ReceiveEngine::place_frame(RxQueue& queue, std::uint32_t connection, Bytes bytes,
                                PutHeaders put_headers) {
  const Bytes buffer = buffer_size(segment_size(config_));
  Bytes done;
  do {
    const RxRead free = next_buffer(queue);
    const Bytes payload = std::min(buffer, bytes - done);
    RxWriteBack back;
    back.hash = connections_[connection].hash;
    back.bytes = static_cast<std::uint16_t>(payload.count());
    back.done = true;
    if (done == Bytes(0)) {
      const std::size_t size = put_headers(staging());
      complete_ip_checksum(staging());
      back.header_bytes = static_cast<std::uint16_t>(size);
      stage(free.headers, size);
    }
    if (payload > Bytes(0)) {
      to_.push_back({free.packet, static_cast<std::uint32_t>(payload.count())});
    }
    done += payload;
    back.end_of_packet = done == bytes;
    back.encode(staging());
    stage(queue.taken(), kDescriptorBytes);
  } while (done < bytes);
}

/// What is ready in the next bytes of staging().
void ReceiveEngine::stage(std::uint64_t address, std::size_t bytes) {
  pieces_.push_back({address, staging(), static_cast<std::uint32_t>(bytes)});
  staged_bytes_ += bytes;
}

RxRead ReceiveEngine::next_buffer(RxQueue& queue) {
  while (!queue.has_buffer() && !queue.has_unfetched()) buffers_.wait();
  if (!queue.has_buffer()) {
    const ControlList& pieces = queue.plan_fetch();
    memory.control(Movement::kReceiveDescriptors, pieces, link_.read(size_of(pieces)));
  }
  return queue.take();
}

}  // namespace copypath
