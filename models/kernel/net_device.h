// The network device as the kernel sees it: the queue in front of the driver (qdisc, first in first
// out) and the driver, which turns skbs into descriptors, rings the doorbell, and on an interrupt
// reclaims sent packets and hands acknowledgements and requests to their sockets.
// Left out: queueing disciplines other than FIFO, byte queue limits, TCP small queues, NAPI
// budgets.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <deque>
#include <vector>

#include "models/cpu/core.h"
#include "models/kernel/skb.h"
#include "models/nic/nic.h"

namespace copypath {

class NetDevice : public sc_core::sc_module, public InterruptHandler {
public:
  tlm_utils::simple_initiator_socket<NetDevice> registers{"registers"};

  NetDevice(const sc_core::sc_module_name& name, NicQueues& queues)
      : sc_module(name), queues_(queues) {}

  /// Sockets are numbered in the order in which they are added: the number of their connection.
  void add(TcpSocket& socket) { sockets_.push_back(&socket); }

  /// Queues the skb for transmission (dev_queue_xmit()).
  void transmit(Skb& skb);

  void handle(Core& core) override;

  /// Packets that found the ring full so far.
  std::uint64_t requeues() const { return requeues_; }
  void trace(sc_core::sc_trace_file* file) const override;

private:
  bool ring_has_room(const Skb& skb) const;
  void post(Skb& skb);
  void ring_doorbell();
  void reclaim();

  NicQueues& queues_;
  std::vector<TcpSocket*> sockets_;
  std::deque<Skb*> queue_;
  std::uint32_t tail_ = 0;
  unsigned posted_ = 0;  // descriptors not yet reclaimed
  unsigned queue_length_ = 0;
  std::uint64_t requeues_ = 0;
};

}  // namespace copypath
