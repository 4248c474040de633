// The producers of a log broker, at the other end of a NIC's wire: each has a connection and a log,
// and sends batches of records at a steady rate (broker.rate), all of them together, in turn. What
// the wire or the broker's receive buffer does not take in time is sent later, as fast as they let
// it; what the NIC drops is sent again. How, is in tcp_peer.h and peer_stream.h. Left out: waiting
// for the broker's answer (any number of batches may be in flight), compressing, framing of TLS
// records.
#pragma once

#include "models/disk/media.h"
#include "models/workload/log.h"
#include "models/workload/tcp_peer.h"

namespace copypath {

class Producers : public TcpPeer {
public:
  /// Those whose connections use that NIC.
  Producers(const sc_core::sc_module_name& name, const Config& config, unsigned nic, Media& media);

private:
  unsigned number_of(const Stream& stream) const { return stream.connection - clients_; }
  sc_time first_batch(const Stream& stream) const;
  Bytes due(const Stream& stream) const;
  sc_time next_due(const Stream& stream) const;
  Stretch next(const Stream& stream) const override;
  sc_time next_work() const override;
  void read(const Stream& stream, const Stretch& stretch, Content& content) override;

  BrokerConfig config_;
  LogLayout layout_;
  unsigned clients_;
  sc_time interval_;  // of the batches of one producer
  Bytes total_;       // of a stream
  Media& media_;
};

}  // namespace copypath
