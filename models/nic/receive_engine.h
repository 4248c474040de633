// The receive side of the adapter: frames that have come over the wire are placed in memory by DMA,
// in buffers that the driver has provided, and reported. A descriptor takes one frame, its headers
// and its payload in buffers of their own (header split), or a part of a frame that is longer than
// a buffer may be. Frames that came one behind the other on one connection are moved in one go, as
// are acknowledgements and requests that wait for an interrupt (interrupt_vector.h). The wire takes
// one frame after the other, whoever sends it. A frame has to find room in the FIFO (nic.rx_fifo,
// the 82599's receive packet buffer), which payload takes until it is in memory; frames that do not
// are dropped, or whoever sends payload pauses before they begin (nic.flow_control, IEEE 802.3x).
// Left out: the frames that ask for a pause; that it stops acknowledgements, too; what requests
// say, which takes no payload; what frames without payload take of the FIFO while they wait for an
// interrupt, which they do only in the model.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "models/memory/transfer.h"
#include "models/nic/frame_header.h"
#include "models/nic/interrupt_vector.h"
#include "models/nic/queues.h"
#include "models/nic/rx_queue.h"
#include "models/pcie/link.h"
#include "models/recycled.h"
#include "models/wake_up.h"

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

  ReceiveEngine(const sc_core::sc_module_name& name, const NicConfig& config, const PcieLink& link,
                NicQueues& queues);
  ~ReceiveEngine() override;

  /// The interrupt of a pair of queues.
  InterruptVector& vector(std::size_t queue) { return *queues_[queue].vector; }
  std::size_t queues() const { return queues_.size(); }

  RxQueue& queue(std::size_t number) { return queues_[number].ring; }
  const RxQueue& queue(std::size_t number) const { return queues_[number].ring; }
  /// Which of them takes what comes on that connection (receive-side scaling).
  unsigned queue_of(std::uint32_t connection) {
    return rss_queue(connections_[connection].hash, static_cast<unsigned>(queues_.size()));
  }

  /// What is there at that time, if nothing else is on the wire: payload with its last frame, and
  /// not before payload that was announced before; a frame without payload as it begins.
  void take(const Packet& packet, sc_time arrival);
  /// There are new buffers.
  void notify();

  /// Frames that have come so far, and what they took of the wire.
  std::uint64_t frames() const { return frames_; }
  Bytes wire_bytes() const { return wire_bytes_; }
  /// Of these, frames that found the FIFO full and were dropped (MPC, missed packets).
  std::uint64_t missed() const { return missed_; }
  /// Blocks a sender of payload until there is room for so much of it and its headers, besides what
  /// is on its way; without nic.flow_control it does not.
  void wait_for_room(Bytes on_chip);
  /// How often that was the case.
  std::uint64_t pauses() const { return pauses_; }
  /// And frames with payload that found no buffer, and waited in the FIFO (RNBC).
  std::uint64_t without_buffer() const { return without_buffer_; }
  /// Who wants to know of the first one of these.
  void tell_of_misses(std::function<void()> told) { first_miss_ = std::move(told); }
  /// What of the FIFO is taken.
  Bytes fifo_used() const { return fifo_used_; }

private:
  static constexpr Bytes kStride{2048};
  static constexpr Bytes kLargestBuffer{16 * 1024};

  /// On the wire, or on the chip.
  struct Incoming {
    sc_time start;
    unsigned queue;
    Packet packet;  ///< without what it points to
    Bytes on_wire;
    sc_time takes;           ///< the time for that
    std::uint64_t next = 0;  ///< of the frames without payload, and where they end
    std::uint64_t end = 0;

    /// When it has come, if the wire is free from `free` on.
    sc_time arrival(sc_time free) const { return std::max(start, free) + takes; }
    bool has_payload() const { return packet.kind == Packet::Kind::kData; }
    /// What it takes of the FIFO.
    Bytes on_chip() const { return packet.bytes + kFrameHeaders * packet.frames; }
  };
  class Waiting;
  struct Queue {
    RxQueue ring;
    std::unique_ptr<Waiting> waiting;
    std::unique_ptr<InterruptVector> vector;
    std::vector<Incoming*> frames{};  ///< without payload, that have come
    bool placing = false;             ///< they are to be placed now
    std::uint64_t on_chip = 0;        ///< frames with payload that have not got a buffer
  };

  Incoming& new_incoming();
  void receive();
  void advance();
  bool has_room(Bytes on_chip) const;
  void admit(Incoming& incoming);
  void admit_empty(Incoming& incoming);
  void miss(std::uint64_t frames);
  sc_time wants(unsigned queue);
  bool place_at_once(Queue& queue);
  sc_time next(unsigned queue) const;
  void begin_staging(std::size_t most);
  static std::uint64_t waiting_frames(const Queue& queue);
  void stage_frames(Queue& queue, std::uint64_t most);
  static std::size_t room_for(const Queue& queue);
  void place_frames(Queue& queue);
  void place(const Incoming& incoming, const Content& content);
  std::size_t put_empty_frame(const Packet& packet, std::uint64_t frame, std::uint8_t* to);
  template <typename PutHeaders>
  void place_frame(RxQueue& queue, std::uint32_t connection, Bytes bytes, PutHeaders put_headers);
  RxRead next_buffer(RxQueue& queue);
  std::uint8_t* staging() { return staged_.data() + staged_bytes_; }
  void stage(std::uint64_t address, std::size_t bytes);

  NicConfig config_;
  Connections& connections_;
  PcieLink link_;
  std::vector<Queue> queues_;

  std::vector<std::unique_ptr<Incoming>> packets_;
  std::vector<Incoming*> free_packets_;
  Fifo<Incoming*> incoming_;     // on the wire, in the order in which they begin
  Fifo<Content> contents_;       // of payload, on the wire and on the chip
  unsigned payload_coming_ = 0;  // of incoming_
  Fifo<Incoming*> payload_;      // on the chip, of which all frames may have been dropped
  Bytes fifo_used_;
  sc_time wire_free_;     // after what has come
  sc_time last_payload_;  // when it began, of incoming_
  WakeUp wake_;
  WakeUp buffers_;
  Queue* staged_for_ = nullptr;       // whose frames are prepared, and did not find room on the bus
  std::vector<Incoming*> staging_;    // frames without payload
  SegmentList to_;                    // of what is being placed: payload
  std::vector<std::uint8_t> staged_;  // headers, and descriptors to be written back
  std::size_t staged_bytes_ = 0;      // of them
  ControlList pieces_;                // the same, and where they go
  std::uint64_t frames_ = 0;
  Bytes wire_bytes_;
  std::uint64_t missed_ = 0;
  Bytes coming_;  // what payload on the wire will take of the FIFO
  sc_core::sc_event drained_;
  std::uint64_t pauses_ = 0;
  std::function<void()> first_miss_;
  std::uint64_t without_buffer_ = 0;
};

}  // namespace copypath
