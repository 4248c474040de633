// The producers of a log broker, at the other end of a NIC's wire: each has a connection and a log,
// and sends batches of records at a steady rate (broker.rate), all of them together, in turn. What
// the wire or the broker's receive buffer does not take in time is sent later, as fast as they let
// it. A packet is what the receiving kernel merges (GRO), as from an origin (origin.h). The
// producers' own machines cost nothing here. They do not send again: the wire pauses where the NIC
// would drop something (machine.cpp). Left out: waiting for the broker's answer (any number
// of batches may be in flight), compressing, framing of TLS records.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <deque>
#include <vector>

#include "models/disk/media.h"
#include "models/nic/wire.h"
#include "models/workload/log.h"

namespace copypath {

class Producers : public sc_core::sc_module {
public:
  tlm_utils::simple_target_socket<Producers, 32, WireProtocol> in{"in"};
  tlm_utils::simple_initiator_socket<Producers, 32, WireProtocol> out{"out"};

  /// Those whose connections use that NIC.
  Producers(const sc_core::sc_module_name& name, const Config& config, unsigned nic, Media& media);

private:
  struct Arrival {
    sc_time time;
    Packet packet;
  };
  struct Stream {
    unsigned producer;
    sc_time first;  // when its first batch is full
    Bytes limit;    // of the stream, that the broker's receive buffer has room for
    Bytes sent{};
    std::uint64_t answers = 0;         // to batches
    std::uint32_t echo = 0;            // the broker's last timestamp
    std::uint16_t identification = 2;  // IP's, of the last frame: SYN and ACK
  };

  void take(tlm::tlm_generic_payload& payload, sc_time& delay);
  void send_batches();
  void read_arrivals();
  Bytes due(const Stream& stream, sc_time now) const;
  sc_time next_due(const Stream& stream) const;
  Bytes sendable(const Stream& stream) const;
  void wait_for_work();
  void send(Stream& stream, Bytes bytes);

  Config config_;
  LogLayout layout_;
  sc_time one_way_;
  sc_time lead_;      // of timestamps
  sc_time interval_;  // of the batches of one producer
  Bytes packet_;
  Bytes total_;  // of a stream
  Media& media_;
  std::vector<Stream> streams_;
  std::size_t next_ = 0;  // whose turn it is
  std::deque<Arrival> arrivals_;
  sc_core::sc_event arrival_;
};

}  // namespace copypath
