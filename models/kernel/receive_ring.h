// The driver's side of a receive queue: fills the ring with descriptors of free buffers, and in the
// softirq after an interrupt looks which of them the NIC has marked as done, merges frames of one
// connection (napi_gro_receive(), which ends a packet at PSH, where something is missing, and with
// the poll) and hands the packets to their
// sockets (tcp_v4_rcv()). A frame without payload needs no merging. Memory comes in pieces of 64
// KiB, cut into buffers of a frame each; a piece is free again when the last reference to a frame
// in it is dropped, and the NIC gets another meanwhile. Left out: the budget of a poll, a limit on
// the memory that frames may hold.
#pragma once

#include <functional>
#include <vector>

#include "models/cpu/softirq.h"
#include "models/kernel/skb.h"
#include "models/nic/receive_engine.h"

namespace copypath {

class TcpReceiver;

class ReceiveRing : public SoftirqWork {
public:
  /// Pieces of memory lent to the NIC at a time (assumed), each of so many bytes.
  static constexpr unsigned kPieces = 32;
  static constexpr Bytes kPieceSize = kKiB * 64;

  /// Who is told what a frame without payload says.
  using TakeFrame = std::function<void(const FrameHeader&)>;

  /// `receivers`: by connection. `doorbell` tells the NIC of new buffers.
  ReceiveRing(const NicConfig& config, CoherentMemory& memory, SkbAllocator& skbs,
              const std::vector<TcpReceiver*>& receivers, Connections& connections, TakeFrame take,
              std::function<void()> doorbell);

  std::uint64_t address() const { return ring_; }
  Bytes length() const { return Bytes(size_ * std::uint64_t{kDescriptorBytes}); }
  std::uint32_t tail() const { return tail_; }

  /// Lends the NIC buffers in whole pieces of memory, as far as the ring has room.
  void fill();
  /// Hands on the frames without payload that come next. Whether there is payload behind them.
  bool poll();

  /// Hands on whatever there is.
  void run(Execution& softirq) override;

private:
  RxWriteBack next() const;
  void lend(const Fragment& buffer);
  FrameHeader header() const;
  void take_empty_frames();
  bool take_frame();
  void deliver(Execution& softirq);

  Bytes buffer_;  // of a descriptor
  unsigned per_piece_;
  unsigned size_;  // descriptors, a multiple of eight as RDLEN has to be
  CoherentMemory& memory_;
  SkbAllocator& skbs_;
  const std::vector<TcpReceiver*>& receivers_;
  Connections& connections_;
  TakeFrame take_;
  std::function<void()> doorbell_;
  std::uint64_t ring_;
  std::uint64_t headers_;
  std::vector<Fragment> buffers_;  // by descriptor
  unsigned clean_ = 0;             // the next one to be filled by the NIC
  unsigned lent_ = 0;              // from there on
  std::uint32_t tail_ = 0;
  // The packet that frames are being merged into:
  FragmentList fragments_;
  FrameHeader first_;
  std::uint64_t merged_ = 0;  // bytes
  bool push_ = false;         // its last frame is there
};

}  // namespace copypath
