#include "models/kernel/receive_ring.h"

#include <algorithm>
#include <utility>

#include "models/kernel/tcp_receiver.h"
#include "models/nic/frame_header.h"

namespace copypath {

ReceiveRing::ReceiveRing(const NicConfig& config, CoherentMemory& memory, SkbAllocator& skbs,
                         const std::vector<TcpReceiver*>& receivers, std::function<void()> doorbell)
    : buffer_(ReceiveEngine::buffer_size(segment_size(config))),
      per_piece_(static_cast<unsigned>(kPieceSize / buffer_)),
      size_((kPieces * per_piece_ / 8 + 1) * 8),
      memory_(memory),
      skbs_(skbs),
      receivers_(receivers),
      doorbell_(std::move(doorbell)),
      ring_(memory.allocate(length())),
      headers_(memory.allocate(kHeaderSlot * size_)),
      buffers_(size_) {}

// ixgbe_alloc_rx_buffers()
void ReceiveRing::fill() {
  const std::uint32_t before = tail_;
  while (lent_ + per_piece_ < size_) {
    KernelPages* const pages = skbs_.allocate_pages(buffer_ * per_piece_);
    pages->references = per_piece_;
    for (unsigned i = 0; i < per_piece_; ++i) {
      const Segment segment{pages->address() + i * buffer_.count(),
                            static_cast<std::uint32_t>(buffer_.count())};
      buffers_[tail_] = {segment, Place::kSocketBuffer, pages};
      const RxRead descriptor{segment.address, headers_ + tail_ * kHeaderSlot.count()};
      descriptor.encode(memory_.at(ring_ + tail_ * kDescriptorBytes));
      tail_ = (tail_ + 1) % size_;
    }
    lent_ += per_piece_;
  }
  if (tail_ != before) doorbell_();
}

bool ReceiveRing::has_packets() const {
  return lent_ > 0 && RxWriteBack::decode(memory_.at(ring_ + clean_ * kDescriptorBytes)).done;
}

// net_rx_action()
void ReceiveRing::run(Execution& softirq) {
  while (has_packets()) {
    if (!take_frame()) continue;
    softirq.spend(softirq.costs().receive);
    softirq.settle();
    deliver();
    fill();
  }
}

/// Merges the next buffer into the packet at hand; whether it is complete.
bool ReceiveRing::take_frame() {
  const RxWriteBack back = RxWriteBack::decode(memory_.at(ring_ + clean_ * kDescriptorBytes));
  if (back.header_bytes > 0) {
    const FrameHeader header =
        FrameHeader::decode(memory_.at(headers_ + clean_ * kHeaderSlot.count()));
    if (fragments_.empty()) {
      sequence_ = header.sequence;
      connection_ = header.connection;
    }
    push_ = header.push;
  }
  Fragment& piece = fragments_.emplace_back(buffers_[clean_]);
  piece.segment.bytes = back.bytes;
  clean_ = (clean_ + 1) % size_;
  --lent_;
  return back.end_of_packet && push_;
}

/// The socket takes references of its own; the ring drops its.
void ReceiveRing::deliver() {
  receivers_[connection_]->receive(sequence_, fragments_.data(), fragments_.size());
  for (const Fragment& fragment : fragments_) skbs_.put(fragment);
  fragments_.clear();
}

}  // namespace copypath
