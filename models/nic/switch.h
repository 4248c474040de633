// The switch between the NIC and those at the other end of the wire: passes packets on by the
// number of their connection. It takes no time: the wire's is with whoever sends, the way's with
// the peer.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "models/nic/wire.h"

namespace copypath {

class Switch : public sc_core::sc_module {
public:
  tlm_utils::simple_target_socket<Switch, 32, WireProtocol> from_nic{"from_nic"};
  tlm_utils::simple_initiator_socket<Switch, 32, WireProtocol> to_nic{"to_nic"};
  tlm_utils::simple_initiator_socket<Switch, 32, WireProtocol> to_clients{"to_clients"};
  tlm_utils::simple_initiator_socket<Switch, 32, WireProtocol> to_origin{"to_origin"};
  tlm_utils::multi_passthrough_target_socket<Switch, 32, WireProtocol> from_peers{"from_peers"};

  /// Connections from `clients` on are the origin's.
  Switch(const sc_core::sc_module_name& name, unsigned clients)
      : sc_module(name), clients_(clients) {
    from_nic.register_b_transport(this, &Switch::pass_on);
    from_peers.register_b_transport(this, &Switch::pass_back);
  }

private:
  void pass_on(tlm::tlm_generic_payload& payload, sc_time& delay) {
    const bool client = payload.get_extension<Packet>()->connection < clients_;
    (client ? to_clients : to_origin)->b_transport(payload, delay);
  }
  void pass_back(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
    to_nic->b_transport(payload, delay);
  }

  unsigned clients_;
};

}  // namespace copypath
