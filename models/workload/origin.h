// The server that a proxy fetches from, at the other end of the NIC's wire: when a request has come
// it streams the file, as fast as the wire carries it (nic.rate, in this direction) and no further
// than the receive buffer of the proxy's socket allows. The connections share the wire packet by
// packet. A packet is what the receiving kernel merges (GRO): the frames that arrive between two
// interrupts, at most 64 KiB of them. The origin's own machine costs nothing here. Left out: the
// origin's congestion control and its memory.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <deque>
#include <vector>

#include "models/disk/media.h"
#include "models/nic/wire.h"

namespace copypath {

/// The most that arrives as one packet: the frames between two interrupts, as GRO merges them.
Bytes merged_packet(const NicConfig& nic);

class Origin : public sc_core::sc_module {
public:
  tlm_utils::simple_target_socket<Origin, 32, WireProtocol> in{"in"};
  tlm_utils::simple_initiator_socket<Origin, 32, WireProtocol> out{"out"};

  Origin(const sc_core::sc_module_name& name, const Config& config, Media& media);

  /// The most that is sent as one packet.
  Bytes packet() const { return packet_; }

private:
  struct Arrival {
    sc_time time;
    Packet packet;
  };
  struct Stream {
    Bytes asked;  // of the stream, by all requests so far
    Bytes sent;
    Bytes acknowledged;
    std::uint64_t requests = 0;
    std::uint32_t echo = 0;  // the proxy's last timestamp
  };

  void take(tlm::tlm_generic_payload& payload, sc_time& delay);
  void serve();
  void read_arrivals();
  Bytes sendable(const Stream& stream) const;
  void send(std::uint32_t number, Bytes bytes);

  NicConfig nic_;
  sc_time one_way_;
  sc_time lead_;  // of timestamps
  Bytes window_;
  Bytes packet_;
  unsigned clients_;
  Media& media_;
  std::vector<Stream> streams_;  // by client
  std::uint32_t next_ = 0;       // whose turn it is
  std::deque<Arrival> arrivals_;
  sc_core::sc_event arrival_;
};

}  // namespace copypath
