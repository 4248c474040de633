// The driver's receive side: lends buffers to the NIC, and in the softirq after an interrupt hands
// the packets that it has placed to their sockets (napi_gro_receive(), tcp_v4_rcv()). A buffer is
// free again when the last reference to a frame in it is dropped; the NIC gets another meanwhile.
// Left out: the budget of a poll, a limit on the memory that frames may hold.
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
  /// Buffers lent to the NIC at a time (assumed), each of so many bytes, or for one frame.
  static constexpr unsigned kBuffers = 32;
  static constexpr Bytes kBufferSize = kKiB * 64;

  /// `receivers`: by connection. `doorbell` tells the NIC of new buffers.
  ReceiveRing(const NicConfig& config, RxQueues& queues, SkbAllocator& skbs,
              const std::vector<TcpReceiver*>& receivers, std::function<void()> doorbell);

  /// Lends the NIC its first buffers.
  void fill();
  bool has_packets() const { return !queues_.packets.empty(); }

  void run(Execution& softirq) override;

private:
  void lend();
  void deliver(const RxPacket& packet);

  Bytes size_;  // of a buffer
  RxQueues& queues_;
  SkbAllocator& skbs_;
  const std::vector<TcpReceiver*>& receivers_;
  std::function<void()> doorbell_;
};

}  // namespace copypath
