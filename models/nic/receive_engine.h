// The receive side of the adapter: frames that have come over the wire are placed in memory by DMA,
// in buffers that the driver has provided, and reported. A buffer takes many frames, each in a slot
// of its own, with its headers in front of its payload (a striding receive queue, as mlx5's).
// Frames that came one behind the other on one connection are moved in one go, and are one packet
// for the kernel (GRO). Left out: the FIFO's size (what the buffers have no room for waits on the
// chip, and nothing is lost), several queues, splitting headers from payload.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "models/memory/transfer.h"
#include "models/nic/wire.h"
#include "models/pcie/link.h"

namespace copypath {

/// Memory for received frames, lent to the NIC.
struct RxBuffer {
  std::uint64_t address;
  Bytes size;
  void* cookie;  ///< the driver's
};

/// Frames of one connection, one behind the other.
struct RxPacket {
  struct Frame {
    Segment payload;
    void* buffer;  ///< its cookie
  };

  std::uint32_t connection = 0;
  std::uint64_t sequence = 0;
  std::vector<Frame> frames;
  std::vector<void*> finished;  ///< buffers that take no more frames after these
};

/// What driver and NIC share in host memory for receiving.
struct RxQueues {
  std::deque<RxBuffer> buffers;  ///< free ones
  std::deque<RxPacket> packets;  ///< that have been placed
};

class ReceiveEngine : public sc_core::sc_module {
public:
  static constexpr Bytes kDescriptorSize{16};
  static constexpr Bytes kCompletionSize{16};
  /// The unit in which a buffer is divided into slots (assumed; mlx5 allows 64 B to 8 KiB).
  static constexpr Bytes kStride{2048};
  /// What a frame takes of a buffer.
  static constexpr Bytes slot(Bytes payload) {
    return kStride * units_covering(kFrameHeaders + payload, kStride);
  }

  MemoryPort memory{"memory"};

  /// `placed` is called when there is something new in `queues.packets`.
  ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
                RxQueues& queues, std::function<void()> placed);

  /// Frames that will have arrived at that time, not before those that were announced before.
  void take(const Packet& packet, sc_time arrival);
  /// There are new buffers.
  void notify() { buffers_.notify(); }

  /// Frames placed so far.
  std::uint64_t frames() const { return frames_; }

private:
  struct Incoming {
    sc_time arrival;
    std::uint32_t connection;
    std::uint64_t sequence;
    Bytes bytes;
    Content content;
  };

  void receive();
  void place(const Incoming& incoming);
  void next_buffer();

  NicConfig config_;
  PcieLink link_;
  RxQueues& queues_;
  std::function<void()> placed_;

  std::deque<Incoming> incoming_;
  sc_core::sc_event incoming_event_;
  RxBuffer buffer_{};
  Bytes used_;                 // of the buffer
  std::uint64_t fetched_ = 0;  // descriptors of free buffers that are on the chip
  sc_core::sc_event buffers_;
  std::uint64_t frames_ = 0;
};

}  // namespace copypath
