// A receive queue on the chip: the registers of its ring, and the descriptors of free buffers that
// have been fetched. A fetch takes all that are free.
#pragma once

#include <cstdint>
#include <vector>

#include "models/memory/transfer.h"
#include "models/nic/descriptor.h"

namespace copypath {

class RxQueue {
public:
  /// Descriptors fetched at once (assumed).
  static constexpr unsigned kFetchBatch = 128;

  std::uint64_t base = 0;  ///< physical address of the ring

  void set_length(Bytes bytes) { size_ = static_cast<unsigned>(bytes.count() / kDescriptorBytes); }
  void set_tail(unsigned tail) { tail_ = tail % size_; }
  unsigned head() const { return head_; }  ///< the next one to be used

  /// Buffers that the driver has lent and that are not used yet, on the chip or not.
  unsigned free_buffers() const { return (tail_ + size_ - head_) % size_; }
  bool has_buffer() const { return next_ < on_chip_.size(); }
  std::uint64_t buffers_on_chip() const { return (on_chip_.size() - next_) / kDescriptorBytes; }
  bool has_unfetched() const { return fetched_ != tail_; }

  /// Plans to fetch what is free, when no descriptor is left on the chip.
  const ControlList& plan_fetch();

  /// Takes the next descriptor off the chip.
  RxRead take();
  /// Where in memory it is, to be written back.
  std::uint64_t taken() const { return address_of((head_ + size_ - 1) % size_); }

private:
  std::uint64_t address_of(unsigned index) const { return base + index * kDescriptorBytes; }

  unsigned size_ = 1;
  unsigned head_ = 0;
  unsigned fetched_ = 0;  // next one to be fetched
  unsigned tail_ = 0;
  std::vector<std::uint8_t> on_chip_;
  std::size_t next_ = 0;  // of them, in bytes
  ControlList pieces_;
};

}  // namespace copypath
