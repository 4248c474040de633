// The producers of a log broker, at the other end of a NIC's wire: each has a connection and a log,
// and sends batches of records at a steady rate (broker.rate), all of them together, in turn. What
// the wire or the broker's receive buffer does not take in time is sent later, as fast as they let
// it; what the NIC drops is sent again. How, is in tcp_peer.h and peer_stream.h. Left out: waiting
// for the broker's answer (any number of batches may be in flight), compressing, framing of TLS
// records.
#pragma once

#include <vector>

#include "models/disk/media.h"
#include "models/workload/log.h"
#include "models/workload/tcp_peer.h"

namespace copypath {

class Producers : public TcpPeer {
public:
  /// Those whose connections use that NIC.
  Producers(const sc_core::sc_module_name& name, const Config& config, unsigned nic, Media& media);

  void expect_losses() override;

private:
  struct Producer {
    unsigned number;
    sc_time first;  // when its first batch is full
    Stream stream;
  };

  void send_batches();
  void read_arrivals();
  sc_time check_timers();
  Bytes due(const Producer& producer, sc_time now) const;
  sc_time next_due(const Producer& producer) const;
  Stretch next(const Producer& producer) const;
  /// When there is something to do, if nothing comes.
  sc_time next_work(sc_time timer) const;
  void send_next(Producer& producer, const Stretch& stretch);

  BrokerConfig config_;
  LogLayout layout_;
  unsigned clients_;
  sc_time interval_;  // of the batches of one producer
  Bytes total_;       // of a stream
  Media& media_;
  std::vector<Producer> producers_;
  std::size_t next_ = 0;  // whose turn it is
  bool losses_ = false;
};

}  // namespace copypath
