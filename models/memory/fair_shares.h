// Who gets how much of the bus while several transfers are under way: the limit that fine-grained
// arbitration tends to. Plain arithmetic, no simulation kernel.
//   round robin  max-min fair shares: nobody gets more than its limit, and what it leaves is
//                shared evenly by those who want more (Bertsekas & Gallager, Data Networks, 6.5.2)
//   weighted     the same, in proportion to weights
//   priority     the NIC and the disk before the cores, because their FIFOs cannot wait
#pragma once

#include <vector>

#include "models/ledger/movement.h"
#include "models/platform/config.h"

namespace copypath {

/// The weight of an agent under Arbitration::kWeighted: device traffic counts double.
constexpr unsigned weight_of(Agent agent) { return agent == Agent::kCore ? 1 : 2; }

/// The rank of an agent under Arbitration::kPriority; lower goes first.
constexpr unsigned rank_of(Agent agent) {
  return agent == Agent::kNic ? 0 : agent == Agent::kDisk ? 1 : 2;
}

struct Demand {
  Agent agent;
  double limit;      ///< what the master can take at most, bytes per second
  double share = 0;  ///< what it gets: set by share_out()
};

/// Sets every demand's share of `capacity` (bytes per second).
void share_out(double capacity, Arbitration arbitration, std::vector<Demand>& demands);

}  // namespace copypath
