// The way between the server's NIC and its clients when it is a bad one: frames get lost, by chance
// (faults.frame_loss) or because there is no carrier for a while (faults.link_down_at, _for). It
// stands behind the switch only if something is to be lost, takes no time, and hands on what is
// left: of a packet, the runs of frames that arrive.
// Chance is a hash of the seed, the connection, the sequence number and how often that frame has
// been lost already, so that nobody else's packets have a say in it. Packets without payload are
// drawn by their count on the connection, each by itself.
// Left out: reordering, duplication, damage.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <map>
#include <vector>

#include "models/nic/wire.h"

namespace copypath {

class LossyLink : public sc_core::sc_module {
public:
  tlm_utils::simple_target_socket<LossyLink, 32, WireProtocol> from_network{"from_network"};
  tlm_utils::simple_initiator_socket<LossyLink, 32, WireProtocol> to_clients{"to_clients"};
  tlm_utils::simple_target_socket<LossyLink, 32, WireProtocol> from_clients{"from_clients"};
  tlm_utils::simple_initiator_socket<LossyLink, 32, WireProtocol> to_network{"to_network"};

  LossyLink(const sc_core::sc_module_name& name, const Config& config);

  std::uint64_t frames_lost() const { return frames_lost_; }  ///< in both directions

private:
  void pass_to_clients(tlm::tlm_generic_payload& payload, sc_time& delay);
  void pass_to_network(tlm::tlm_generic_payload& payload, sc_time& delay);
  void pass_part(const Packet& packet, Bytes begin, Bytes end, sc_time& delay);
  bool loses_frame(const Packet& packet, Bytes at, sc_time passes);
  void pass_run(const Packet& packet, std::uint64_t first, std::uint64_t end, sc_time& delay);
  bool draws(std::uint32_t connection, bool to_server, std::uint64_t number,
             unsigned attempt) const;

  NicConfig nic_;
  FaultConfig faults_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, unsigned> lost_;  // frames: how often
  std::vector<std::uint64_t> small_packets_;                          // from clients, by connection
  std::uint64_t frames_lost_ = 0;
};

}  // namespace copypath
