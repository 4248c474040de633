// What machines at the other end of a NIC's wire have in common, which send payload to the server:
// an origin (origin.h) and the producers of a log broker (producers.h). What the server sends to
// them comes half a round trip later; what they send takes its time on the wire, one packet after
// the other, and the other half. Their connections share the wire packet by packet. A packet is
// what the receiving kernel merges (GRO): the frames that arrive between two interrupts, at most 64
// KiB and a quarter of the NIC's receive FIFO of them. Their own machines cost nothing here.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <deque>
#include <utility>
#include <vector>

#include "models/nic/receive_engine.h"
#include "models/nic/wire.h"
#include "models/workload/peer_stream.h"

namespace copypath {

/// The most that arrives as one packet: the frames between two interrupts, as GRO merges them.
Bytes merged_packet(const NicConfig& nic);

class TcpPeer : public sc_core::sc_module {
public:
  tlm_utils::simple_target_socket<TcpPeer, 32, WireProtocol> in{"in"};
  tlm_utils::simple_initiator_socket<TcpPeer, 32, WireProtocol> out{"out"};

  /// The most that is sent as one packet.
  Bytes packet() const { return packet_; }

  /// The NIC at the other end of the wire, which may ask for a pause.
  void pause_for(ReceiveEngine& receiver) { receiver_ = &receiver; }
  /// The NIC drops frames from now on: timers run.
  void expect_losses();

protected:
  using Stretch = PeerStream::Stretch;

  /// One of the connections.
  struct Stream {
    Stream(std::uint32_t number, PeerStream stream, std::uint16_t last)
        : connection(number), tcp(std::move(stream)), identification(last) {}

    std::uint32_t connection;
    PeerStream tcp;
    std::uint64_t requests = 0;    // of the server, or its answers
    std::uint32_t echo = 0;        // the server's last timestamp
    std::uint16_t identification;  // IP's, of the last frame
  };

  TcpPeer(const sc_core::sc_module_name& name, const Config& config);

  /// One more connection.
  void add(Stream stream);
  /// The one of that number.
  virtual Stream& stream_of(std::uint32_t connection);
  /// What it sends next: what was lost, or the next packet, if the windows let it go.
  virtual Stretch next(const Stream& stream) const = 0;
  /// The bytes that it sends there.
  virtual void read(const Stream& stream, const Stretch& stretch, Content& content) = 0;
  /// When there will be something to send, if nothing comes (the end of time: never).
  virtual sc_time next_work() const { return sc_core::sc_max_time(); }

  std::vector<Stream> streams_;

private:
  struct Arrival {
    sc_time time;
    Packet packet;
  };

  void take_packet(tlm::tlm_generic_payload& payload, sc_time& delay);
  void serve();
  void read_arrivals();
  static void take(Stream& stream, const Packet& packet);
  sc_time check_timers();
  void wait_until(sc_time until);
  void send(Stream& stream, const Stretch& stretch);

  NicConfig nic_;
  sc_time one_way_;
  sc_time lead_;  // of timestamps
  Bytes packet_;
  std::uint16_t announced_;  // window, scaled
  ReceiveEngine* receiver_ = nullptr;
  std::deque<Arrival> arrivals_;
  sc_core::sc_event arrival_;
  std::size_t next_ = 0;  // whose turn it is
  bool losses_ = false;
};

}  // namespace copypath
