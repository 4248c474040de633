// A TCP socket as a receiver sees it: packets queue up as references to the memory in which they
// arrived, a reader takes them out (copied, thrown away, or as references), and what it has taken
// is acknowledged. A sender never has more on its way than the receive buffer holds, so a reader
// that does not come stops it. Follows tcp_queue_rcv(), tcp_recvmsg_locked(), tcp_splice_read() and
// tcp_cleanup_rbuf() of net/ipv4 (Linux 6.x). What comes beyond a gap is kept and reported at once
// (tcp_data_queue_ofo(), tcp_send_dupack()). Left out: acknowledgements before a reader has come,
// unless the NIC has dropped frames; the autotuning of the receive buffer, which counts payload
// where Linux counts memory (truesize).
#pragma once

#include <functional>
#include <map>

#include "models/cpu/cpu.h"
#include "models/kernel/net_device.h"
#include "models/kernel/skb.h"
#include "models/recycled.h"

namespace copypath {

class TcpReceiver {
public:
  TcpReceiver(std::uint32_t connection, NetDevice& device, SkbAllocator& allocator);

  std::uint32_t connection() const { return connection_; }

  /// Sends a request that fits into one packet.
  void send_request(Task& task);

  // Each of these blocks until there is something, and takes no more than there is then and comes
  // meanwhile: at least one byte, at most `wanted`. Returns how much.

  /// recv(): copies into the caller's buffer.
  Bytes recv(Task& task, std::uint64_t buffer, Bytes wanted);
  /// recv(MSG_TRUNC): throws the bytes away, unread. `look` is shown them first, for a check.
  Bytes discard(Task& task, Bytes wanted, const std::function<void(const SegmentList&)>& look);
  /// tcp_splice_read(): references to at most `buffers` pieces, for the caller to drop.
  FragmentList splice_read(Task& task, Bytes wanted, std::size_t buffers);

  /// A packet has come: one of the fragments begins at `sequence` of the stream. Called by the
  /// device, in a softirq; the queue takes references of its own.
  void receive(std::uint64_t sequence, const Fragment* fragments, std::size_t count);
  void receive(const FrameHeader& header, const Fragment* fragments, std::size_t count) {
    echo_ = header.timestamp;
    receive(extended(header.sequence, received_), fragments, count);
  }

  /// The NIC drops frames: what comes is acknowledged at once from now on, so that the sender's
  /// timer does not wait for a reader.
  void expect_losses() { losses_ = true; }
  /// Acknowledges what has just been received, if that cannot wait (__tcp_ack_snd_check()).
  void acknowledge_now(Execution& softirq);

  /// close(): drops what nobody has read, and what still comes.
  void close();

  /// Readers keep their core while they wait.
  void poll() { polls_ = true; }
  bool sleeps() const { return !polls_ && !readers_.empty(); }  ///< a reader waits for bytes

  Bytes queued() const { return queued_; }  ///< received, and not taken yet
  void trace(sc_core::sc_trace_file* file, const std::string& prefix) const;

private:
  void wait_for_data(Task& task);
  FragmentList take(Bytes wanted, std::size_t most);
  void put(const FragmentList& taken);
  void acknowledge(Task& task);
  void enqueue(std::uint64_t begin, Fragment fragment);
  void keep(std::uint64_t begin, const Fragment& fragment);
  Packet packet(Packet::Kind kind, std::uint64_t sequence) const;

  std::uint32_t connection_;
  NetDevice& device_;
  SkbAllocator& allocator_;
  bool polls_ = false;

  Fifo<Fragment> queue_;
  Fifo<std::uint64_t> ends_;  // of the packets that are not acknowledged
  Bytes queued_;
  std::uint64_t received_ = 0;  // of the stream
  std::uint64_t taken_ = 0;
  std::uint64_t requests_ = 0;  // sent
  std::uint32_t echo_ = 0;      // the peer's last timestamp
  bool closed_ = false;
  std::map<std::uint64_t, Fragment> out_of_order_;  // by sequence; may overlap
  Sack::Recent recent_{};                           // of them
  std::uint64_t offered_;                           // of the stream, that the buffer has room for
  bool losses_ = false;
  bool urgent_ = false;  // to be acknowledged at once
  WaitQueue readers_{"wait data", true};
};

}  // namespace copypath
