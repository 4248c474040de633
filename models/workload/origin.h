// The server that a proxy fetches from, at the other end of the NIC's wire: when a request has come
// it streams the file, as fast as the wire carries it (nic.rate, in this direction) and no further
// than the receive buffer of the proxy's socket allows. How it sends, and sends again what the NIC
// drops, is in tcp_peer.h and peer_stream.h. Left out: its memory and disk.
#pragma once

#include "models/disk/media.h"
#include "models/workload/tcp_peer.h"

namespace copypath {

class Origin : public TcpPeer {
public:
  Origin(const sc_core::sc_module_name& name, const Config& config, Media& media);

private:
  Stream& stream_of(std::uint32_t connection) override;
  Stretch next(const Stream& stream) const override;
  void read(const Stream& stream, const Stretch& stretch, Content& content) override;
  Bytes asked(const Stream& stream) const { return media_.file_size() * stream.requests; }
  Bytes rest_of_file(Bytes at) const { return media_.file_size() - at % media_.file_size(); }

  unsigned clients_;
  Media& media_;
  PeerStream new_stream_;
};

}  // namespace copypath
