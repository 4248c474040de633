// Who gets how much of the bus while several transfers are under way: the limit that fine-grained
// arbitration tends to. Plain arithmetic, no simulation kernel.
//   round robin  max-min fair shares: nobody gets more than its limit, and what it leaves is
//                shared evenly by those who want more (Bertsekas & Gallager, Data Networks, 6.5.2)
//   weighted     the same, in proportion to weights
//   priority     the NIC and the disk before the cores, because their FIFOs cannot wait
#pragma once

#include <array>
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

/// What somebody asks of the bus. The first two are set by FairShares::add().
struct Demand {
  unsigned rank = 0;
  double weight = 1;
  double limit = 0;     ///< what the master can take at most, bytes per second
  bool limited = true;  ///< gets that; otherwise its weight's part of the level of its rank
};

/// Those who share the bus at present.
class FairShares {
public:
  static constexpr unsigned kRanks = 3;

  /// `capacity` in bytes per second.
  FairShares(double capacity, Arbitration arbitration)
      : capacity_(capacity), arbitration_(arbitration) {}

  /// Adds a demand, whose limit is set; it stays where it is until it is removed.
  void add(Demand& demand, Agent agent);
  void remove(Demand& demand);

  /// What all of them can take, bytes per second, and whether that is more than there is.
  double wanted() const { return wanted_; }
  bool contended() const { return wanted_ > capacity_; }

  /// What those of a rank who are not limited get for a weight of 1, bytes per second.
  double level(unsigned rank) const { return levels_[rank]; }
  double share_of(const Demand& demand) const {
    return demand.limited ? demand.limit : levels_[demand.rank] * demand.weight;
  }

  /// By rank, in the order in which a rising level meets their limits.
  const std::vector<Demand*>& demands() const { return demands_; }

private:
  void share_out();

  double capacity_;
  Arbitration arbitration_;
  std::vector<Demand*> demands_;
  std::array<double, kRanks> weights_{};  // of all demands, by rank
  double wanted_ = 0;
  std::array<double, kRanks> levels_{};
};

}  // namespace copypath
