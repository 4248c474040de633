#include "models/nic/receive_engine.h"

#include <algorithm>

namespace copypath {

using sc_core::sc_time_stamp;

ReceiveEngine::ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config,
                             const PcieLink& link, RxQueues& queues, std::function<void()> placed)
    : sc_module(name), config_(config), link_(link), queues_(queues), placed_(std::move(placed)) {
  SC_HAS_PROCESS(ReceiveEngine);
  SC_THREAD(receive);
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
  const Bytes segment = segment_size(config_);
  RxPacket packet;
  packet.connection = incoming.connection;
  packet.sequence = incoming.sequence;
  SegmentList to;
  for (Bytes done; done < incoming.bytes;) {
    const Bytes payload = std::min(segment, incoming.bytes - done);
    if (used_ + slot(payload) > buffer_.size) {
      if (buffer_.cookie != nullptr) packet.finished.push_back(buffer_.cookie);
      next_buffer();
    }
    const Segment piece{(Bytes(buffer_.address) + used_ + kFrameHeaders).count(),
                        static_cast<std::uint32_t>(payload.count())};
    used_ += slot(payload);
    packet.frames.push_back({piece, buffer_.cookie});
    to.push_back(piece);
    done += payload;
  }
  const std::uint64_t frames = packet.frames.size();
  memory.dma_write(Movement::kReceive, incoming.content, to, link_.write(to));
  const Bytes of_frame = kFrameHeaders + kCompletionSize;
  memory.control(Movement::kReceiveFrames, of_frame * frames, link_.write(of_frame));
  frames_ += frames;
  queues_.packets.push_back(std::move(packet));
  placed_();
}

void ReceiveEngine::next_buffer() {
  while (queues_.buffers.empty()) wait(buffers_);
  if (fetched_ == 0) {
    fetched_ = queues_.buffers.size();
    const Bytes bytes = kDescriptorSize * fetched_;
    memory.control(Movement::kReceiveDescriptors, bytes, link_.read(bytes));
  }
  --fetched_;
  buffer_ = queues_.buffers.front();
  queues_.buffers.pop_front();
  used_ = Bytes(0);
}

}  // namespace copypath
