#include "models/kernel/receive_ring.h"

#include <algorithm>
#include <utility>

#include "models/kernel/tcp_receiver.h"
#include "models/nic/frame_header.h"

namespace copypath {

ReceiveRing::ReceiveRing(const NicConfig& config, CoherentMemory& memory, SkbAllocator& skbs,
                         const std::vector<TcpReceiver*>& receivers, Connections& connections,
                         TakeFrame take, std::function<void()> doorbell)
    : buffer_(ReceiveEngine::buffer_size(segment_size(config))),
      per_piece_(static_cast<unsigned>(kPieceSize / buffer_)),
      size_((kPieces * per_piece_ / 8 + 1) * 8),
      memory_(memory),
      skbs_(skbs),
      receivers_(receivers),
      connections_(connections),
      take_(std::move(take)),
      doorbell_(std::move(doorbell)),
      ring_(memory.allocate(length())),
      headers_(memory.allocate(kHeaderSlot * size_)),
      buffers_(size_) {}

// ixgbe_alloc_rx_buffers()
void ReceiveRing::fill() {
  const std::uint32_t before = tail_;
  for (; lent_ + per_piece_ < size_; lent_ += per_piece_) {
    KernelPages* const pages = skbs_.allocate_pages(buffer_ * per_piece_);
    pages->references = per_piece_;
    for (unsigned i = 0; i < per_piece_; ++i) {
      const Segment segment{pages->address() + i * buffer_.count(),
                            static_cast<std::uint32_t>(buffer_.count())};
      lend({segment, Place::kSocketBuffer, false, pages});
    }
  }
  if (tail_ != before) doorbell_();
}

/// Puts a buffer at the end of the ring.
void ReceiveRing::lend(const Fragment& buffer) {
  buffers_[tail_] = buffer;
  const RxRead descriptor{buffer.segment.address, headers_ + tail_ * kHeaderSlot.count()};
  descriptor.encode(memory_.at(ring_ + tail_ * kDescriptorBytes));
  tail_ = (tail_ + 1) % size_;
}

/// What the NIC says about the next buffer.
RxWriteBack ReceiveRing::next() const {
  if (lent_ == 0) return {};
  return RxWriteBack::decode(memory_.at(ring_ + clean_ * kDescriptorBytes));
}

bool ReceiveRing::poll() {
  take_empty_frames();
  fill();
  return next().done;
}

/// What the headers in front of the next buffer say.
FrameHeader ReceiveRing::header() const {
  const std::uint8_t* const bytes = memory_.at(headers_ + clean_ * kHeaderSlot.count());
  return FrameHeader::read(bytes, connections_, false);
}

/// What a request says is short, and comes with its headers.
void ReceiveRing::take_empty_frames() {
  for (RxWriteBack back = next(); back.done && back.bytes == 0; back = next()) {
    const FrameHeader said = header();
    skbs_.put(buffers_[clean_]);
    clean_ = (clean_ + 1) % size_;
    --lent_;
    take_(said);
  }
}

// net_rx_action()
void ReceiveRing::run(Execution& softirq) {
  for (;;) {
    const bool more = poll();
    if (!more && fragments_.empty()) return;
    if (more && !take_frame()) continue;
    softirq.spend(softirq.costs().receive);
    softirq.settle();
    deliver(softirq);
    fill();
  }
}

/// Merges the next buffer into the packet at hand; whether that is complete. A frame that does not
/// continue it completes it, and stays where it is.
bool ReceiveRing::take_frame() {
  const RxWriteBack back = next();
  if (back.header_bytes > 0) {
    const FrameHeader said = header();
    if (fragments_.empty()) {
      first_ = said;
    } else if (said.connection != first_.connection ||
               said.sequence != static_cast<std::uint32_t>(first_.sequence + merged_)) {
      return true;
    }
    push_ = said.push;
  }
  merged_ += back.bytes;
  Fragment& piece = fragments_.emplace_back(buffers_[clean_]);
  piece.segment.bytes = back.bytes;
  clean_ = (clean_ + 1) % size_;
  --lent_;
  return back.end_of_packet && push_;
}

/// The socket takes references of its own; the ring drops its.
void ReceiveRing::deliver(Execution& softirq) {
  TcpReceiver& receiver = *receivers_[first_.connection];
  receiver.receive(first_, fragments_.data(), fragments_.size());
  for (const Fragment& fragment : fragments_) skbs_.put(fragment);
  fragments_.clear();
  merged_ = 0;
  receiver.acknowledge_now(softirq);
}

}  // namespace copypath
