#include "models/nic/rx_queue.h"

#include <algorithm>

namespace copypath {

const ControlList& RxQueue::plan_fetch() {
  const unsigned batch = std::min((tail_ + size_ - fetched_) % size_, kFetchBatch);
  on_chip_.resize(batch * kDescriptorBytes);
  next_ = 0;
  pieces_.clear();
  const unsigned before_end = std::min(batch, size_ - fetched_);
  pieces_.push_back({address_of(fetched_), on_chip_.data(), before_end * kDescriptorBytes});
  if (before_end < batch) {
    pieces_.push_back(
        {base, &on_chip_[before_end * kDescriptorBytes], (batch - before_end) * kDescriptorBytes});
  }
  fetched_ = (fetched_ + batch) % size_;
  return pieces_;
}

RxRead RxQueue::take() {
  const RxRead descriptor = RxRead::decode(&on_chip_[next_]);
  next_ += kDescriptorBytes;
  head_ = (head_ + 1) % size_;
  return descriptor;
}

}  // namespace copypath
