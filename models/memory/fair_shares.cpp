// Progressive filling: raise all shares together until each meets its limit or the capacity is
// used up. As the demands are kept in the order in which they meet their limits, that is one look
// at each, and one division for the level that the others reach.
#include "models/memory/fair_shares.h"

#include <algorithm>

namespace copypath {

void FairShares::add(Demand& demand, Agent agent) {
  demand.rank = arbitration_ == Arbitration::kPriority ? rank_of(agent) : 0;
  demand.weight = arbitration_ == Arbitration::kWeighted ? weight_of(agent) : 1;
  const auto sooner = [](const Demand* a, const Demand* b) {
    if (a->rank != b->rank) return a->rank < b->rank;
    return a->limit * b->weight < b->limit * a->weight;
  };
  demands_.insert(std::upper_bound(demands_.begin(), demands_.end(), &demand, sooner), &demand);
  weights_[demand.rank] += demand.weight;
  share_out();
}

void FairShares::remove(Demand& demand) {
  demands_.erase(std::find(demands_.begin(), demands_.end(), &demand));
  weights_[demand.rank] -= demand.weight;
  share_out();
}

void FairShares::share_out() {
  levels_ = {};
  wanted_ = 0;
  for (const Demand* demand : demands_) wanted_ += demand->limit;
  if (!contended()) {  // everybody gets what it can take
    for (Demand* demand : demands_) demand->limited = true;
    return;
  }
  double left = capacity_;
  const auto end = demands_.end();
  for (auto next = demands_.begin(); next != end;) {
    const unsigned rank = (*next)->rank;
    double weights = weights_[rank];
    const auto of_rank = [=](auto it) { return it != end && (*it)->rank == rank; };
    for (; of_rank(next) && (*next)->limit * weights <= left * (*next)->weight; ++next) {
      (*next)->limited = true;
      left -= (*next)->limit;
      weights -= (*next)->weight;
    }
    if (!of_rank(next)) continue;
    levels_[rank] = left / weights;
    left = 0;
    for (; of_rank(next); ++next) (*next)->limited = false;
  }
}

}  // namespace copypath
