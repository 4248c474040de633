// The three policies: round robin, fixed priority (round robin within a rank), and weighted
// round robin by smooth credits: each ready master earns its weight per grant, the richest one is
// granted and pays what all have earned.
#include "models/memory/arbiter.h"

#include <algorithm>

#include "models/memory/fair_shares.h"

namespace copypath {

namespace {

/// The first of `ready` after `last`, going round.
unsigned next_after(unsigned last, const std::vector<Arbiter::Master>& ready) {
  const auto it = std::find_if(ready.begin(), ready.end(),
                               [=](const Arbiter::Master& master) { return master.number > last; });
  return it == ready.end() ? ready.front().number : it->number;
}

class RoundRobin : public Arbiter {
public:
  unsigned pick(const std::vector<Master>& ready) override {
    return last_ = next_after(last_, ready);
  }

private:
  unsigned last_ = 0;
};

class Priority : public Arbiter {
public:
  unsigned pick(const std::vector<Master>& ready) override {
    unsigned best = rank_of(ready.front().agent);
    for (const Master& master : ready) best = std::min(best, rank_of(master.agent));
    first_.clear();
    for (const Master& master : ready) {
      if (rank_of(master.agent) == best) first_.push_back(master);
    }
    if (last_.size() <= best) last_.resize(best + 1);
    return last_[best] = next_after(last_[best], first_);
  }

private:
  std::vector<Master> first_;
  std::vector<unsigned> last_;  // by rank: a grant to another rank must not start the round anew
};

class Weighted : public Arbiter {
public:
  unsigned pick(const std::vector<Master>& ready) override {
    if (credit_.size() <= ready.back().number) credit_.resize(ready.back().number + 1);
    int earned = 0;
    unsigned richest = ready.front().number;
    for (const Master& master : ready) {
      const int weight = static_cast<int>(weight_of(master.agent));
      credit_[master.number] += weight;
      earned += weight;
      if (credit_[master.number] > credit_[richest]) richest = master.number;
    }
    credit_[richest] -= earned;
    return richest;
  }

private:
  std::vector<int> credit_;
};

}  // namespace

std::unique_ptr<Arbiter> Arbiter::make(Arbitration arbitration) {
  switch (arbitration) {
    case Arbitration::kRoundRobin: return std::make_unique<RoundRobin>();
    case Arbitration::kPriority: return std::make_unique<Priority>();
    case Arbitration::kWeighted: return std::make_unique<Weighted>();
  }
  return nullptr;
}

}  // namespace copypath
