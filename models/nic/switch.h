// The switch between the NICs and those at the other end of their wires: passes packets on by the
// number of their connection, each NIC having an origin of its own. It takes no time: the wire's is
// with whoever sends, the way's with the peer.
#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include "models/nic/queues.h"

namespace copypath {

class Switch : public sc_core::sc_module {
public:
  tlm_utils::multi_passthrough_target_socket<Switch, 32, WireProtocol> from_nic{"from_nic"};
  tlm_utils::multi_passthrough_initiator_socket<Switch, 32, WireProtocol> to_nic{"to_nic"};
  tlm_utils::simple_initiator_socket<Switch, 32, WireProtocol> to_clients{"to_clients"};
  tlm_utils::multi_passthrough_initiator_socket<Switch, 32, WireProtocol> to_origin{"to_origin"};
  tlm_utils::multi_passthrough_target_socket<Switch, 32, WireProtocol> from_peers{"from_peers"};

  /// Connections from `clients` on are the origin's.
  Switch(const sc_core::sc_module_name& name, unsigned clients)
      : sc_module(name), clients_(clients) {
    from_nic.register_b_transport(this, &Switch::pass_on);
    from_peers.register_b_transport(this, &Switch::pass_back);
  }

private:
  void pass_on(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
    const std::uint32_t connection = payload.get_extension<Packet>()->connection;
    if (connection < clients_) {
      to_clients->b_transport(payload, delay);
    } else {
      to_origin[nic_of(connection, to_nic.size())]->b_transport(payload, delay);
    }
  }
  void pass_back(int, tlm::tlm_generic_payload& payload, sc_time& delay) {
    const std::uint32_t connection = payload.get_extension<Packet>()->connection;
    to_nic[nic_of(connection, to_nic.size())]->b_transport(payload, delay);
  }

  unsigned clients_;
};

}  // namespace copypath
