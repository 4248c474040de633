#include "models/nic/receive_engine.h"

#include <algorithm>
#include <array>

namespace copypath {

using sc_core::sc_time_stamp;

/// What waits for the interrupt of a queue.
class ReceiveEngine::Waiting : public WaitingFrames {
public:
  Waiting(ReceiveEngine& engine, unsigned queue) : engine_(engine), queue_(queue) {}
  bool place() override { return engine_.wants(queue_); }
  sc_time next() const override { return engine_.next(queue_); }

private:
  ReceiveEngine& engine_;
  unsigned queue_;
};

ReceiveEngine::ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config,
                             const PcieLink& link, const NicQueues& queues)
    : sc_module(name), config_(config), addressing_(queues.addressing), link_(link) {
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

std::uint32_t ReceiveEngine::hash_of(std::uint32_t connection) {
  while (hashes_.size() <= connection) {
    const auto next = static_cast<std::uint32_t>(hashes_.size());
    hashes_.push_back(toeplitz_hash(addressing_.received(next)));
  }
  return hashes_[connection];
}

void ReceiveEngine::take(const Packet& packet, sc_time arrival) {
  Incoming incoming;
  incoming.queue = queue_of(packet.connection);
  incoming.header = FrameHeader(packet);
  incoming.bytes = packet.bytes;
  incoming.on_wire = packet.wire_bytes(config_.mtu);
  const sc_time takes = incoming.on_wire / config_.rate;
  if (incoming.has_payload()) {
    incoming.frames = frames_for(packet.bytes, config_.mtu);
    incoming.start = std::max(last_payload_, arrival > takes ? arrival - takes : sc_time());
    last_payload_ = incoming.start;
    contents_.push_back(*packet.content);
    ++payload_coming_;
    wake_.notify();
  } else {
    incoming.frames = packet.frames;
    incoming.start = arrival;
  }
  const auto later = [](const sc_time& time, const Incoming& other) { return time < other.start; };
  incoming_.insert(std::upper_bound(incoming_.begin(), incoming_.end(), incoming.start, later),
                   incoming);
  if (!incoming.has_payload()) queues_[incoming.queue].vector->report_at(arrival + takes);
}

/// When it has come, if the wire is free from `free` on.
sc_time ReceiveEngine::end_of(const Incoming& incoming, sc_time free) const {
  return std::max(incoming.start, free) + incoming.on_wire / config_.rate;
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
    const Incoming& front = incoming_.front();
    const sc_time end = end_of(front, wire_free_);
    if (end > sc_time_stamp()) return;
    wire_free_ = end;
    frames_ += front.frames;
    wire_bytes_ += front.on_wire;
    if (front.has_payload()) {
      --payload_coming_;
      payload_.push_back(front);
    } else {
      queues_[front.queue].frames.push_back(front);
    }
  }
}

/// Whether frames without payload wait for being placed in that queue, which is done then. Without
/// a buffer it is not: the driver has to see first what has been reported.
bool ReceiveEngine::wants(unsigned queue) {
  advance();
  if (queues_[queue].frames.empty() || queues_[queue].ring.free_buffers() == 0) return false;
  queues_[queue].placing = true;
  wake_.notify();
  return true;
}

/// When the next one of these has come.
sc_time ReceiveEngine::next(unsigned queue) const {
  if (!queues_[queue].frames.empty()) {  // without a buffer: when there is one (notify())
    return queues_[queue].ring.free_buffers() > 0 ? sc_time_stamp() : sc_core::sc_max_time();
  }
  sc_time end = wire_free_;
  for (const Incoming& incoming : incoming_) {
    end = end_of(incoming, end);
    if (incoming.queue == queue && !incoming.has_payload()) return end;
  }
  return sc_core::sc_max_time();
}

void ReceiveEngine::receive() {
  for (;;) {
    advance();
    const auto placing = std::find_if(queues_.begin(), queues_.end(),
                                      [](const Queue& queue) { return queue.placing; });
    if (placing != queues_.end()) {
      place_frames(*placing);
    } else if (!payload_.empty()) {
      place(payload_.front(), contents_.front());
      payload_.pop_front();
      contents_.pop_front();
    } else if (payload_coming_ > 0) {
      wait(end_of(incoming_.front(), wire_free_) - sc_time_stamp(), wake_);
    } else {
      wait(wake_);
    }
  }
}

std::uint64_t ReceiveEngine::waiting_frames(const Queue& queue) {
  std::uint64_t frames = 0;
  for (const Incoming& incoming : queue.frames) frames += incoming.frames;
  return frames;
}

/// Prepares what waits in the queue to be written, `most` frames of it: those that have a buffer.
/// To wait for one here would be for ever: the driver gives back what has been reported to it.
void ReceiveEngine::stage_frames(Queue& queue, std::uint64_t most) {
  std::vector<Incoming>& waiting = queue.frames;
  auto rest = waiting.begin();
  for (; rest != waiting.end() && rest->frames <= most; ++rest) most -= rest->frames;
  staging_.assign(waiting.begin(), rest);
  waiting.erase(waiting.begin(), rest);
  if (most > 0 && !waiting.empty()) {
    staging_.push_back(waiting.front());
    staging_.back().frames = most;
    waiting.front().frames -= most;
  }
  queue.placing = !waiting.empty();
  for (const Incoming& incoming : staging_) {
    prepare_headers(incoming);
    for (std::uint64_t i = 0; i < incoming.frames; ++i) {
      place_frame(queue.ring, incoming, {0, 0, 0, true});
    }
  }
  staging_.clear();
}

void ReceiveEngine::begin_staging(std::size_t most) {
  staged_.clear();
  staged_.reserve(most);
  pieces_.clear();
  beside_.clear();
  to_.clear();
}

/// Frames without payload that have come for a queue: all of them, or what there are buffers for.
void ReceiveEngine::place_frames(Queue& queue) {
  if (queue.ring.free_buffers() == 0) wait(buffers_);
  const unsigned free = queue.ring.free_buffers();
  if (free == 0) return;  // another queue's
  begin_staging(room_for(queue));
  stage_frames(queue, free);
  memory.control(Movement::kReceiveFrames, pieces_, link_.write(beside_));
  queue.vector->report();
}

void ReceiveEngine::place(const Incoming& incoming, const Content& content) {
  Queue& queue = queues_[incoming.queue];
  const Bytes segment = segment_size(config_);
  const std::uint64_t buffers =
      incoming.frames + units_covering(incoming.bytes, buffer_size(segment));
  while (!queue.frames.empty() && waiting_frames(queue) + buffers > queue.ring.free_buffers()) {
    place_frames(queue);  // there is no room for both
  }
  begin_staging(room_for(queue) + incoming.frames * kFrameHeaders.count() +
                buffers * kDescriptorBytes);
  stage_frames(queue, waiting_frames(queue));  // that came before
  prepare_headers(incoming);
  unsigned number = 0;
  for (Bytes done; done < incoming.bytes; ++number) {
    const Bytes payload = std::min(segment, incoming.bytes - done);
    const auto offset = static_cast<std::uint32_t>(done.count());
    done += payload;
    place_frame(queue.ring, incoming, {number, offset, payload.count(), done == incoming.bytes});
  }
  memory.dma_write(Movement::kReceive, content, to_, link_.write(to_));
  memory.control(Movement::kReceiveFrames, pieces_, link_.write(beside_));
  queue.vector->report();
}

/// What the frames of a queue take that wait.
std::size_t ReceiveEngine::room_for(const Queue& queue) {
  std::size_t room = 0;
  for (const Incoming& incoming : queue.frames) {
    room += incoming.frames *
            (kLargestHeaders.count() + kRequestText.count() + std::size_t{kDescriptorBytes});
  }
  return room;
}

/// The headers that the frames of a packet are cut from.
void ReceiveEngine::prepare_headers(const Incoming& incoming) {
  const Headers headers = incoming.header.headers(addressing_, false);
  headers.encode(headers_.data());
  header_bytes_ = headers.size() + (incoming.has_payload() ? 0 : headers.segment.bytes);
}

/// Chooses the buffers of a frame, and prepares what is to be written beside its payload. What a
/// request says is short enough for the buffer of its headers.
void ReceiveEngine::place_frame(RxQueue& queue, const Incoming& incoming, const Cut& cut) {
  const Bytes buffer = buffer_size(segment_size(config_));
  const Bytes bytes(cut.bytes);
  Bytes done;
  do {
    const RxRead free = next_buffer(queue);
    const Bytes payload = std::min(buffer, bytes - done);
    RxWriteBack back;
    back.hash = hash_of(incoming.header.connection);
    back.bytes = static_cast<std::uint16_t>(payload.count());
    back.done = true;
    if (done == Bytes(0)) {
      auto headers = headers_;
      if (incoming.has_payload()) cut_headers(headers.data(), cut);
      complete_ip_checksum(headers.data());
      back.header_bytes = static_cast<std::uint16_t>(header_bytes_);
      write_back(free.headers, headers.data(), header_bytes_);
    }
    if (payload > Bytes(0)) {
      to_.push_back({free.packet, static_cast<std::uint32_t>(payload.count())});
    }
    done += payload;
    back.end_of_packet = done == bytes;
    std::array<std::uint8_t, kDescriptorBytes> descriptor;
    back.encode(descriptor.data());
    write_back(queue.taken(), descriptor.data(), descriptor.size());
  } while (done < bytes);
}

void ReceiveEngine::write_back(std::uint64_t address, const std::uint8_t* bytes,
                               std::size_t count) {
  staged_.insert(staged_.end(), bytes, bytes + count);  // within what is reserved: it stays there
  pieces_.push_back(
      {address, staged_.data() + staged_.size() - count, static_cast<std::uint32_t>(count)});
  beside_.push_back({address, static_cast<std::uint32_t>(count)});
}

RxRead ReceiveEngine::next_buffer(RxQueue& queue) {
  while (!queue.has_buffer() && !queue.has_unfetched()) wait(buffers_);
  if (!queue.has_buffer()) {
    const ControlList& pieces = queue.plan_fetch();
    memory.control(Movement::kReceiveDescriptors, pieces, link_.read(size_of(pieces)));
  }
  return queue.take();
}

}  // namespace copypath
