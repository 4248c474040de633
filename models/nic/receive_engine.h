// The receive side of the adapter: frames that have come over the wire are placed in memory by DMA,
// in buffers that the driver has provided, and reported. A descriptor takes one frame, its headers
// and its payload in buffers of their own (header split), or a part of a frame that is longer than
// a buffer may be. Frames that came one behind the other on one connection are moved in one go.
// Left out: the FIFO's size (what the buffers have no room for waits on the chip, as with a wire
// that pauses, and nothing is lost).
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "models/memory/transfer.h"
#include "models/nic/frame_header.h"
#include "models/nic/queues.h"
#include "models/nic/rx_queue.h"
#include "models/pcie/link.h"

namespace copypath {

class ReceiveEngine : public sc_core::sc_module {
public:
  /// What a descriptor takes of the payload of frames (SRRCTL.BSIZEPACKET): whole 2 KiB (assumed;
  /// the 82599 counts in KiB), enough for a frame, but no more than 16 KiB.
  static constexpr Bytes buffer_size(Bytes segment) {
    const Bytes whole = kStride * units_covering(segment, kStride);
    return whole < kLargestBuffer ? whole : kLargestBuffer;
  }

  MemoryPort memory{"memory"};

  /// `placed` is called with the number of a queue that has something new.
  ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
                const NicQueues& queues, std::function<void(unsigned)> placed);

  RxQueue& queue(std::size_t number) { return queues_[number]; }
  const RxQueue& queue(std::size_t number) const { return queues_[number]; }
  /// Which of them takes what comes on that connection (receive-side scaling).
  unsigned queue_of(std::uint32_t connection) {
    return rss_queue(hash_of(connection), static_cast<unsigned>(queues_.size()));
  }

  /// Frames that will have arrived at that time, not before those that were announced before.
  void take(const Packet& packet, sc_time arrival);
  /// There are new buffers.
  void notify() { buffers_.notify(); }

  /// Frames placed so far.
  std::uint64_t frames() const { return frames_; }

private:
  static constexpr Bytes kStride{2048};
  static constexpr Bytes kLargestBuffer{16 * 1024};

  struct Incoming {
    sc_time arrival;
    std::uint32_t connection;
    std::uint64_t sequence;
    Bytes bytes;
    Content content;
  };

  std::uint32_t hash_of(std::uint32_t connection);
  void receive();
  void place(const Incoming& incoming);
  void place_frame(RxQueue& queue, const FrameHeader& header, Bytes bytes, std::uint32_t hash);
  RxRead next_buffer(RxQueue& queue);
  void write_back(std::uint64_t address, const std::uint8_t* bytes, std::size_t count);

  NicConfig config_;
  Addressing addressing_;
  std::vector<std::uint32_t> hashes_;  // by connection
  PcieLink link_;
  std::vector<RxQueue> queues_;
  std::function<void(unsigned)> placed_;

  std::deque<Incoming> incoming_;
  sc_core::sc_event incoming_event_;
  sc_core::sc_event buffers_;
  SegmentList to_;                    // of what is being placed: payload
  std::vector<std::uint8_t> staged_;  // headers, and descriptors to be written back
  ControlList pieces_;
  SegmentList beside_;  // the same as segments
  std::uint64_t frames_ = 0;
};

}  // namespace copypath
