// The server that a proxy fetches from, at the other end of the NIC's wire: when a request has come
// it streams the file, as fast as the wire carries it (nic.rate, in this direction) and no further
// than the receive buffer of the proxy's socket allows. The connections share the wire packet by
// packet. A packet is what the receiving kernel merges (GRO): the frames that arrive between two
// interrupts, at most 64 KiB and a quarter of the NIC's receive FIFO of them. What the NIC drops is
// sent again (models/kernel/loss_recovery.h), and each loss halves what the connection may have on
// its way, which grows by a segment per round trip again (RFC 5681); while it recovers, it sends no
// more than has arrived, and a segment (RFC 6937). The origin's own machine costs nothing here.
// Left out: slow start (the window is open until something is lost), its memory.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <deque>
#include <vector>

#include "models/disk/media.h"
#include "models/kernel/loss_recovery.h"
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
  /// Segments sent again.
  std::uint64_t retransmits() const { return retransmits_; }

  /// The NIC drops frames from now on: the timer runs.
  void expect_losses();

private:
  struct Arrival {
    sc_time time;
    Packet packet;
  };
  struct Stream {
    LossRecovery recovery;
    Bytes window;   // for congestion
    Bytes limit;    // of the stream, that the proxy's receive buffer has room for
    Bytes asked{};  // by all requests so far
    Bytes sent{};
    Bytes acknowledged{};
    Bytes credit{};      // what may be sent while it recovers, for what has arrived (RFC 6937)
    Bytes recovered{};   // a loss before this one has halved the window already
    sc_time deadline{};  // of the timer
    std::uint64_t requests = 0;
    std::uint32_t echo = 0;            // the proxy's last timestamp
    std::uint16_t identification = 1;  // of the last frame: that of the SYN
  };
  using Stretch = LossRecovery::Stretch;

  void take(tlm::tlm_generic_payload& payload, sc_time& delay);
  void serve();
  void read_arrivals();
  void take_acknowledgement(Stream& stream, const Packet& packet);
  sc_time check_timers();
  Stretch next(const Stream& stream) const;
  void send(std::uint32_t number, const Stretch& stretch);

  NicConfig nic_;
  sc_time one_way_;
  sc_time lead_;  // of timestamps
  Bytes packet_;
  std::uint16_t announced_;  // window, scaled
  unsigned clients_;
  Media& media_;
  Stream new_stream_;
  std::vector<Stream> streams_;  // by client; none before anybody asks
  std::uint32_t next_ = 0;       // whose turn it is
  std::deque<Arrival> arrivals_;
  sc_core::sc_event arrival_;
  bool losses_ = false;
  std::uint64_t retransmits_ = 0;
};

}  // namespace copypath
