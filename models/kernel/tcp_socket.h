// A TCP socket as a sender sees it: payload is appended to skbs (by copying, or by reference), skbs
// go to the device as far as the window allows, and their memory is released when the peer has
// acknowledged them, not when they have left. A writer blocks while the send buffer is full.
// Follows tcp_sendmsg_locked(), tcp_write_xmit() and tcp_ack() of net/ipv4 (Linux 6.x), with
// automatic corking, without Nagle's algorithm (TCP_NODELAY).
// What is lost is sent again, if anything can be (loss_recovery.h, tcp_retransmit.cpp); a peer that
// resets the connection ends whatever goes on.
// Left out: congestion control (the window is fixed), splitting an skb at the window's edge. The
// send buffer counts payload, where Linux counts memory (truesize).
#pragma once

#include <memory>
#include <stdexcept>

#include "models/cpu/cpu.h"
#include "models/kernel/net_device.h"
#include "models/kernel/skb.h"
#include "models/kernel/zerocopy.h"
#include "models/small_queue.h"

namespace copypath {

/// What a call on a socket ends with when the peer has reset the connection (EPIPE, ECONNRESET).
struct ConnectionReset : std::runtime_error {
  ConnectionReset() : std::runtime_error("the peer has reset the connection") {}
};

class TcpSocket : public SoftirqWork {
public:
  TcpSocket(std::uint32_t connection, const Config& config, NetDevice& device,
            SkbAllocator& allocator);
  ~TcpSocket() override;

  std::uint32_t connection() const { return connection_; }

  // All that send, and receive_request(), throw ConnectionReset when the peer has gone.

  /// tcp_sendmsg(): copies `from` into kernel memory and sends it. Blocks while the send buffer is
  /// full; returns when everything is in it. `copy` says what is copied: the caller's buffer, or
  /// pages that it has mapped. `more`: more will follow at once (MSG_MORE); sending
  /// nothing without it ends that.
  void send(Task& task, const SegmentList& from, Movement copy = Movement::kCopyFromUser,
            bool more = false);

  /// tcp_sendmsg(MSG_SPLICE_PAGES): sends pages by reference, and takes
  /// over the references. `more`: more will follow at once (MSG_MORE). A kernel that has to copy
  /// for a plain NIC already here (before 4.17) drops the references when it has. `ubuf` is told
  /// when the last skb that holds them is freed.
  void send_pages(Task& task, const FragmentList& pages, bool more, UbufInfo* ubuf = nullptr);

  /// The notification of a send with MSG_ZEROCOPY (ZerocopySend is the rest of it).
  UbufInfo* begin_zerocopy(Task& task, Bytes bytes);
  Zerocopy& zerocopy() { return zerocopy_; }
  const Zerocopy& zerocopy() const { return zerocopy_; }

  /// Whether this kernel adapts to a plain NIC by copying in the socket: then nothing goes by
  /// reference.
  bool copies_for_device() const { return copies_for_device_; }

  /// From now on the NIC encrypts what is sent, record by record (tls_dev_add()).
  void encrypt_in_device() { encrypted_by_device_ = true; }
  bool encrypted_by_device() const { return encrypted_by_device_; }

  /// Blocks until the client has sent a request, and takes it.
  void receive_request(Task& task);
  bool awaits_request() const { return !readers_.empty(); }  ///< somebody sleeps for one

  /// The transmit queue that it uses (sk_tx_queue_mapping), and how many skbs of it are in the
  /// device: with none it may take another queue, and nothing is overtaken (ooo_okay).
  unsigned transmit_queue() const { return transmit_queue_; }
  void use_transmit_queue(unsigned queue) { transmit_queue_ = queue; }
  unsigned skbs_in_device() const { return in_device_; }

  /// The headers of a packet of `bytes` from there on (__tcp_transmit_skb()).
  FrameHeader header(std::uint64_t sequence, Bytes bytes);

  /// The device is done with the skb (skb_orphan()).
  void leave_device(Skb& skb);

  // Called by the device, in interrupt context:
  void take_completion(Skb& skb, Core& core);  ///< the NIC has sent it
  /// The client has all before `sequence`, and what `sack` says.
  void take_acknowledgement(std::uint64_t sequence, const Sack& sack, Core& core);
  void take_acknowledgement(std::uint64_t sequence, Core& core) {
    take_acknowledgement(sequence, Sack{}, core);
  }
  void take_acknowledgement(const FrameHeader& header, Core& core);
  void take_request() { take_request(requests_seen_); }
  void take_request(std::uint64_t number);  ///< but not twice
  void take_request(const FrameHeader& header);
  void take_reset();  ///< the client has gone (tcp_reset())
  /// The NIC may have dropped an acknowledgement: the timer runs, on that core until the next
  /// packet.
  void expect_losses(Core& core);

  void run(Execution& softirq) override;

  Bytes queued() const { return queued_; }  ///< in the send buffer
  /// Everything that was handed to it so far: the length of the stream.
  Bytes accepted() const { return Bytes(next_sequence_); }
  /// Times that a sender has found it full.
  std::uint64_t send_buffer_waits() const { return send_buffer_waits_; }
  /// Segments sent again (TcpRetransSegs).
  std::uint64_t retransmits() const { return retransmits_; }
  void trace(sc_core::sc_trace_file* file) const;

private:
  /// While a task fills skbs, interrupts must not send them (lock_sock()).
  class Lock;
  struct Recovery;

  bool has_room() const;
  Skb& skb_with_room(Task& task, Lock& lock, const UbufInfo* ubuf = nullptr);
  void append_pages(Task& task, const FragmentList& pages, bool more, UbufInfo* ubuf, Bytes& taken);
  void copy_instead(Task& task, Lock& lock, const FragmentList& pages, bool more, UbufInfo* ubuf,
                    Bytes& taken);
  void copy_in(Task& task, Lock& lock, const SegmentList& from, Movement copy, bool more);
  void push(Task& task, bool more);
  bool may_send(const Skb& skb) const;
  void send_all(Execution& by, bool may_yield);
  void send_next(Execution& by);
  void hand_to_device(Skb& skb, Execution& by);
  void push_unsent(Core& core);
  void release_if_done(Skb& skb);
  void unlock();
  void check_connection() const;
  void purge();

  // tcp_retransmit.cpp
  void prepare_recovery(const FaultConfig& faults);
  bool has_carrier(Skb& skb);
  bool has_lost(Core& core);  // on which the timer runs from now on
  void remember_record(const FragmentList& pages);
  void forget_records(std::uint64_t acknowledged);
  void recover(std::uint64_t sequence, const Sack& sack);
  void retransmit(Execution& by);
  Skb* in_flight_at(std::uint64_t sequence) const;
  Skb& copy_of(const Skb& original, std::uint64_t begin, std::uint64_t end);
  void add_resync(Skb& again) const;
  void restart_timer();
  std::uint64_t sent_so_far() const;
  std::uint64_t unacknowledged() const;
  void expire();

  std::uint32_t connection_;
  SocketConfig config_;
  Bytes segment_size_;
  Bytes goal_;  // the size up to which an skb is filled
  NetDevice& device_;
  SkbAllocator& allocator_;
  std::uint16_t announced_;  // window, scaled
  std::uint32_t echo_;       // the client's last timestamp
  bool page_by_page_;        // splice() hands over one page at a time
  bool copies_for_device_;   // this kernel adapts to a plain NIC by copying in the socket
  bool encrypted_by_device_ = false;
  bool locked_ = false;
  bool pushing_ = false;  // in a softirq that has to wait
  bool more_ = false;
  bool reset_ = false;  // by the peer

  SmallQueue<Skb*> unsent_;
  SmallQueue<Skb*> in_flight_;
  Bytes queued_;
  Bytes in_flight_bytes_;
  std::uint64_t acknowledged_ = 0;    // of the stream
  std::uint16_t identification_ = 1;  // of the last frame: that of the SYN
  unsigned in_device_ = 0;            // skbs
  unsigned transmit_queue_ = 0;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t requests_seen_ = 0;
  unsigned requests_ = 0;
  std::unique_ptr<Recovery> recovery_;  // if anything can get lost
  WaitQueue writers_{"wait send buffer", true};
  WaitQueue pushers_{"wait socket"};
  WaitQueue readers_{"wait request", true};
  PageFragment fragment_;
  Zerocopy zerocopy_;

  std::uint64_t send_buffer_waits_ = 0;
  std::uint64_t retransmits_ = 0;
};

}  // namespace copypath
