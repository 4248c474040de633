// A transmit queue on the chip: the registers of its ring (base, length, head, tail), and the
// descriptors that have been fetched and not been processed. A fetch takes a batch of what lies
// between head and tail; decoding happens here, from the bytes that came.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "models/memory/transfer.h"
#include "models/nic/descriptor.h"
#include "models/nic/queues.h"

namespace copypath {

class TxQueue {
public:
  /// Descriptors fetched at once (assumed; the 82599 has room for 40 on the chip, mlx5 for more).
  static constexpr unsigned kFetchBatch = 64;

  std::uint64_t base = 0;  ///< physical address of the ring
  TxContext context;       ///< for packets that check it

  void set_length(Bytes bytes) { size_ = static_cast<unsigned>(bytes.count() / kDescriptorBytes); }
  /// The driver has filled the ring up to `tail`. Returns how many descriptors that are.
  unsigned set_tail(unsigned tail);
  unsigned head() const { return head_; }  ///< the first one that is not processed

  bool has_packet() const { return packets_ > 0; }  ///< all of it on the chip
  bool has_unfetched() const { return fetched_ != tail_; }
  bool has_work() const { return has_packet() || has_unfetched(); }

  /// Plans to fetch a batch; one that goes beyond the end of the ring is in two pieces.
  const ControlList& plan_fetch();
  /// What was planned has come.
  void fetched();

  /// Takes the first descriptor of a packet off the chip. Contexts before it take effect.
  TxData take();
  /// Takes the next ones of the same packet, as many as are there for the same use. Where they
  /// point is appended to `to`, pieces that are adjacent in memory as one. Returns the last one.
  TxPiece take_pieces(const std::vector<TxUse>& uses, SegmentList& to);
  /// Where in the ring the next one is.
  unsigned coming() const { return processed_; }
  /// Where in the ring it was.
  unsigned taken() const { return processed_ == 0 ? size_ - 1 : processed_ - 1; }
  /// Everything taken is done with: the head follows. Returns how many descriptors that are.
  unsigned release();

  std::uint64_t address_of(unsigned index) const { return base + index * kDescriptorBytes; }

private:
  unsigned after(unsigned index) const { return index + 1 == size_ ? 0 : index + 1; }
  /// The next descriptor on the chip, which is processed with that.
  const std::uint8_t* next() {
    const std::uint8_t* const descriptor = on_chip_.data() + next_;
    if (next_ == on_chip_.size()) throw std::logic_error("a packet without an end");
    processed_ = after(processed_);
    next_ += kDescriptorBytes;
    return descriptor;
  }

  unsigned size_ = 1;
  unsigned head_ = 0;
  unsigned processed_ = 0;  // next one to be taken
  unsigned fetched_ = 0;    // next one to be fetched
  unsigned tail_ = 0;
  unsigned packets_ = 0;               // whose last descriptor is on the chip
  std::vector<std::uint8_t> on_chip_;  // descriptors
  std::size_t next_ = 0;               // of them, in bytes
  std::size_t planned_ = 0;            // where those to come begin
  ControlList pieces_;
};

}  // namespace copypath
