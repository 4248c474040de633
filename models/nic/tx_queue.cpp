#include "models/nic/tx_queue.h"

#include <algorithm>

namespace copypath {

unsigned TxQueue::set_tail(unsigned tail) {
  const unsigned more = (tail % size_ + size_ - tail_) % size_;
  tail_ = tail % size_;
  return more;
}

const ControlList& TxQueue::plan_fetch() {
  on_chip_.erase(on_chip_.begin(), on_chip_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
  planned_ = on_chip_.size();
  const unsigned batch = std::min((tail_ + size_ - fetched_) % size_, kFetchBatch);
  on_chip_.resize(planned_ + batch * kDescriptorBytes);
  pieces_.clear();
  const unsigned before_end = std::min(batch, size_ - fetched_);
  pieces_.push_back({address_of(fetched_), &on_chip_[planned_], before_end * kDescriptorBytes});
  if (before_end < batch) {
    pieces_.push_back({base, &on_chip_[planned_ + before_end * kDescriptorBytes],
                       (batch - before_end) * kDescriptorBytes});
  }
  return pieces_;
}

void TxQueue::fetched() {
  for (std::size_t at = planned_; at < on_chip_.size(); at += kDescriptorBytes) {
    if (ends_packet(&on_chip_[at])) ++packets_;
  }
  fetched_ =
      (fetched_ + static_cast<unsigned>((on_chip_.size() - planned_) / kDescriptorBytes)) % size_;
}

TxData TxQueue::take() {
  const std::uint8_t* descriptor = next();
  for (; is_context(descriptor); descriptor = next()) context = TxContext::decode(descriptor);
  const TxData data = TxData::decode(descriptor);
  if (data.end_of_packet) --packets_;
  return data;
}

TxPiece TxQueue::take_pieces(const std::vector<TxUse>& uses, SegmentList& to) {
  const TxUse use = uses[processed_];
  const std::uint8_t* at = on_chip_.data() + next_;
  const std::uint8_t* const end = on_chip_.data() + on_chip_.size();
  unsigned place = processed_;
  TxPiece piece{};
  Segment run{};
  do {
    if (at == end) throw std::logic_error("a packet without an end");
    piece = TxPiece::decode(at);
    if (piece.address != run.address + run.bytes) {
      if (run.bytes > 0) append(to, run);
      run = {piece.address, 0};
    }
    run.bytes += piece.bytes();
    at += kDescriptorBytes;
    place = after(place);
  } while (!piece.end_of_packet() && uses[place] == use);
  append(to, run);
  next_ = static_cast<std::size_t>(at - on_chip_.data());
  processed_ = place;
  if (piece.end_of_packet()) --packets_;
  return piece;
}

unsigned TxQueue::release() {
  const unsigned count = (processed_ + size_ - head_) % size_;
  head_ = processed_;
  return count;
}

}  // namespace copypath
