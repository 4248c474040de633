// Progressive filling: raise all shares together until each meets its limit or the capacity is
// used up.
#include "models/memory/fair_shares.h"

#include <algorithm>

namespace copypath {

namespace {

double weight(Arbitration arbitration, const Demand& demand) {
  return arbitration == Arbitration::kWeighted ? weight_of(demand.agent) : 1;
}

/// Shares `capacity` out to the demands from `first` to `last`; returns what is left over.
double fill(double capacity, Arbitration arbitration, std::vector<Demand*>::iterator first,
            std::vector<Demand*>::iterator last) {
  // In the order in which the rising level meets the limits.
  std::stable_sort(first, last, [=](const Demand* a, const Demand* b) {
    return a->limit / weight(arbitration, *a) < b->limit / weight(arbitration, *b);
  });
  double weights = 0;
  for (auto it = first; it != last; ++it) weights += weight(arbitration, **it);
  for (auto it = first; it != last; ++it) {
    Demand& demand = **it;
    const double w = weight(arbitration, demand);
    demand.share = std::min(demand.limit, capacity * w / weights);
    capacity = std::max(0.0, capacity - demand.share);
    weights -= w;
  }
  return capacity;
}

}  // namespace

void share_out(double capacity, Arbitration arbitration, std::vector<Demand>& demands) {
  std::vector<Demand*> order;
  order.reserve(demands.size());
  for (Demand& demand : demands) order.push_back(&demand);
  if (arbitration != Arbitration::kPriority) {
    fill(capacity, arbitration, order.begin(), order.end());
    return;
  }
  std::stable_sort(order.begin(), order.end(), [](const Demand* a, const Demand* b) {
    return rank_of(a->agent) < rank_of(b->agent);
  });
  auto first = order.begin();
  while (first != order.end()) {
    const unsigned rank = rank_of((*first)->agent);
    const auto last = std::find_if(
        first, order.end(), [=](const Demand* demand) { return rank_of(demand->agent) != rank; });
    capacity = fill(capacity, arbitration, first, last);
    first = last;
  }
}

}  // namespace copypath
