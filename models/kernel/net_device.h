// The network device as the kernel sees it: the queue in front of the driver (qdisc, first in first
// out) and the driver, which turns skbs into descriptors (transmit_ring.h), rings the doorbell, and
// on an interrupt reclaims sent packets and hands what has come to the sockets (payload:
// receive_ring.h). What the NIC cannot do is done here, by whoever transmits (validate_xmit_skb()):
// segmentation, a copy into one piece of memory, the checksum. The loopback device hands every
// packet to its receiver at once, in the time of whoever transmits (loopback_xmit(),
// process_backlog()). Left out: queueing disciplines other than FIFO, byte queue limits, TCP small
// queues, NAPI budgets.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <array>
#include <memory>
#include <vector>

#include "models/cpu/core.h"
#include "models/kernel/receive_ring.h"
#include "models/kernel/skb.h"
#include "models/kernel/transmit_ring.h"
#include "models/ledger/ledger.h"
#include "models/nic/nic.h"
#include "models/recycled.h"

namespace copypath {

class TcpReceiver;

class NetDevice : public sc_core::sc_module {
public:
  tlm_utils::simple_initiator_socket<NetDevice> registers{"registers"};

  NetDevice(const sc_core::sc_module_name& name, const Config& config, NicQueues& queues,
            CoherentMemory& memory, SkbAllocator& skbs);

  /// What the device does by itself, as netdev_fix_features() leaves it: segmentation needs the
  /// other two.
  bool gathers() const { return loops_back() || config_.scatter_gather; }
  bool checksums() const { return loops_back() || config_.checksum_offload; }
  bool segments() const {
    return loops_back() || (gathers() && checksums() && config_.segmentation_offload);
  }
  /// What the clock of TCP's timestamps says now.
  std::uint32_t timestamp() const { return timestamp_of(sc_core::sc_time_stamp() + lead_); }
  bool loops_back() const { return config_.link == Link::kLoopback; }
  /// Whether the connection is that of a client on this machine. Those of a proxy to its origin
  /// come after them.
  bool has_local_client(std::uint32_t connection) const {
    return loops_back() && connection < clients_;
  }
  /// A core has no work with a packet, so transmit() does not wait.
  bool is_immediate() const { return segments() && !loops_back(); }
  /// How it encrypts TLS records: not without all of that.
  TlsOffload tls_offload() const {
    return segments() && !loops_back() ? config_.tls_offload : TlsOffload::kNone;
  }

  /// Where to enter what the memory behind the packets is.
  void report_to(Ledger& ledger) { ledger_ = &ledger; }

  /// What comes for the socket's connection goes to it.
  void add(TcpSocket& socket);
  /// What comes on the receiver's connection goes to it; on loopback, what the socket of that
  /// number sends.
  void add(TcpReceiver& receiver);
  /// The NIC drops frames from now on. `core`: where timers run that nothing else has chosen one
  /// for.
  void expect_losses(Core& core);

  /// Prepares the skb for the device and queues it (dev_queue_xmit()). Waits if a core has work to
  /// do for that.
  void transmit(Skb& skb, Execution& by);

  // Packets without payload, sent by a receiver.
  /// `packet`: what it says.
  void acknowledge(const Packet& packet, Task& task);
  void request(const Packet& packet, Task& task);
  /// The same at once, over the wire.
  void send(Packet packet);

  /// Of every socket.
  Bytes receive_buffer() const { return receive_buffer_; }

  /// Who serves the interrupts of a pair of queues.
  InterruptHandler& handler(unsigned queue) { return *queues_[queue]; }
  /// Packets posted in a queue so far.
  std::uint64_t posted(unsigned queue) const { return queues_[queue]->posted(); }

  /// Packets that found the ring full so far.
  std::uint64_t requeues() const { return requeues_; }
  /// Packets that were handed to a client on the same machine, and those that an origin has handed
  /// to a proxy.
  std::uint64_t looped_back() const { return looped_back_; }
  std::uint64_t looped_in() const { return looped_in_; }
  void trace(sc_core::sc_trace_file* file) const override;

  /// Brings the rings up (ndo_open()).
  void start_of_simulation() override;

private:
  /// An skb on its way into the ring: in one piece, or frame by frame.
  struct Outgoing {
    Skb* skb;
    Bytes posted;
  };

  /// A pair of rings with the queue in front of it.
  class Queue : public InterruptHandler {
  public:
    Queue(NetDevice& device, unsigned number, NicQueues& shared, CoherentMemory& memory);
    void open();
    void transmit(Skb& skb);
    /// The softirq: net_tx_action() and net_rx_action().
    void handle(Core& core) override;
    void fill() { receive_ring_.fill(); }
    std::uint64_t posted() const { return posted_; }

  private:
    bool post(Outgoing& outgoing);
    void choose_pieces(const Skb& skb, Bytes skip, Bytes bytes);
    void reclaim(Core& core);
    void take(const FrameHeader& header);
    std::uint64_t at(std::uint64_t address) const;

    NetDevice& device_;
    unsigned number_;
    Core* core_ = nullptr;  // that its interrupt comes to
    TransmitRing transmit_ring_;
    ReceiveRing receive_ring_;
    Fifo<Outgoing> waiting_;
    TransmitRing::Packet packet_;                   // that is being posted
    std::array<Fragment, Skb::kMaxFragments> cut_;  // the pieces of a frame
    std::uint64_t posted_ = 0;
  };

  Queue& queue_of(TcpSocket& socket, const Execution& by);
  void loop_back(Skb& skb, Execution& by);
  void validate(Skb& skb, Execution& by);
  void linearise(Skb& skb, Execution& by);
  void checksum(const Skb& skb, Execution& by);
  Bytes next_packet(const Outgoing& outgoing) const;
  void write(std::uint64_t address, std::uint32_t value);
  void write(std::uint64_t address, std::uint64_t value);
  void write(std::uint64_t address, void* value, std::size_t bytes);

  static void enter(const Skb& skb, Ledger::Provenance& provenance);

  NicConfig config_;
  Ledger* ledger_ = nullptr;
  Bytes receive_buffer_;
  std::uint32_t clients_;
  unsigned number_;                          // of the NIC
  sc_time lead_;                             // of timestamps
  tlm::tlm_generic_payload register_write_;  // used again and again
  SkbAllocator& skbs_;
  std::vector<TcpSocket*> sockets_;      // by connection
  std::vector<TcpReceiver*> receivers_;  // by connection
  std::vector<std::unique_ptr<Queue>> queues_;
  bool open_ = false;
  unsigned waiting_ = 0;  // skbs that found the ring full
  std::uint64_t requeues_ = 0;
  std::uint64_t looped_back_ = 0;
  std::uint64_t looped_in_ = 0;
};

}  // namespace copypath
