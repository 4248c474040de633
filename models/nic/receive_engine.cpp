#include "models/nic/receive_engine.h"

#include <algorithm>
#include <array>

namespace copypath {

using sc_core::sc_time_stamp;

ReceiveEngine::ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config,
                             const PcieLink& link, const NicQueues& queues,
                             std::function<void(unsigned)> placed)
    : sc_module(name),
      config_(config),
      addressing_(queues.addressing),
      link_(link),
      queues_(queues.queues.size()),
      placed_(std::move(placed)) {
  SC_HAS_PROCESS(ReceiveEngine);
  SC_THREAD(receive);
}

std::uint32_t ReceiveEngine::hash_of(std::uint32_t connection) {
  while (hashes_.size() <= connection) {
    const auto next = static_cast<std::uint32_t>(hashes_.size());
    hashes_.push_back(toeplitz_hash(addressing_.received(next)));
  }
  return hashes_[connection];
}

void ReceiveEngine::take(const Packet& packet, sc_time arrival) {
  incoming_.push_back({arrival, packet.connection, packet.sequence, packet.bytes, *packet.content});
  if (incoming_.size() == 1) incoming_event_.notify();
}

void ReceiveEngine::receive() {
  for (;;) {
    while (incoming_.empty()) wait(incoming_event_);
    const sc_time arrival = incoming_.front().arrival;
    if (arrival > sc_time_stamp()) wait(arrival - sc_time_stamp());
    place(incoming_.front());
    incoming_.pop_front();
  }
}

void ReceiveEngine::place(const Incoming& incoming) {
  const unsigned number = queue_of(incoming.connection);
  const Bytes segment = segment_size(config_);
  const std::uint64_t frames = units_covering(incoming.bytes, segment);
  const std::uint64_t buffers = frames + units_covering(incoming.bytes, buffer_size(segment));
  staged_.clear();
  staged_.reserve(frames * kFrameHeaders.count() + buffers * kDescriptorBytes);
  pieces_.clear();
  beside_.clear();
  to_.clear();
  for (Bytes done; done < incoming.bytes;) {
    const Bytes payload = std::min(segment, incoming.bytes - done);
    FrameHeader header{incoming.sequence + done.count(), incoming.connection, false};
    done += payload;
    header.push = done == incoming.bytes;
    place_frame(queues_[number], header, payload, hash_of(incoming.connection));
  }
  memory.dma_write(Movement::kReceive, incoming.content, to_, link_.write(to_));
  memory.control(Movement::kReceiveFrames, pieces_, link_.write(beside_));
  frames_ += frames;
  placed_(number);
}

/// Chooses the buffers of a frame, and prepares what is to be written beside its payload.
void ReceiveEngine::place_frame(RxQueue& queue, const FrameHeader& header, Bytes bytes,
                                std::uint32_t hash) {
  const Bytes buffer = buffer_size(segment_size(config_));
  for (Bytes done; done < bytes;) {
    const RxRead free = next_buffer(queue);
    const Bytes payload = std::min(buffer, bytes - done);
    RxWriteBack back;
    back.hash = hash;
    back.bytes = static_cast<std::uint16_t>(payload.count());
    back.done = true;
    if (done == Bytes(0)) {
      std::array<std::uint8_t, kFrameHeaders.count()> headers{};
      header.encode(headers.data());
      write_back(free.headers, headers.data(), headers.size());
      back.header_bytes = static_cast<std::uint16_t>(headers.size());
    }
    to_.push_back({free.packet, static_cast<std::uint32_t>(payload.count())});
    done += payload;
    back.end_of_packet = done == bytes;
    std::array<std::uint8_t, kDescriptorBytes> descriptor;
    back.encode(descriptor.data());
    write_back(queue.taken(), descriptor.data(), descriptor.size());
  }
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
