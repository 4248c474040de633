// The three policies: round robin, fixed priority (round robin within a rank), and weighted by
// start-time fair queueing (Goyal, Vin, Cheng 1996): a grant moves a master's start tag on by what
// a burst takes at its weight, the least tag is granted next, and who was idle starts at the
// present. So two that keep asking share by their weights, whoever else comes and goes.
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
    if (tags_.size() <= ready.back().number) tags_.resize(ready.back().number + 1);
    const Master* first = nullptr;
    for (const Master& master : ready) {
      std::uint64_t& tag = tags_[master.number];
      tag = std::max(tag, virtual_time_);
      if (first == nullptr || tag < tags_[first->number]) first = &master;
    }
    virtual_time_ = tags_[first->number];
    tags_[first->number] += kBurst / weight_of(first->agent);
    return first->number;
  }

private:
  static constexpr std::uint64_t kBurst = 60;  // virtual time: divisible by every small weight

  std::vector<std::uint64_t> tags_;  // by master: when its next burst starts, in virtual time
  std::uint64_t virtual_time_ = 0;
};

}  // namespace

std::unique_ptr<Arbiter> Arbiter::make(Arbitration arbitration) {
  switch (arbitration) {
    case Arbitration::kRoundRobin:
      return std::make_unique<RoundRobin>();
    case Arbitration::kPriority:
      return std::make_unique<Priority>();
    case Arbitration::kWeighted:
      return std::make_unique<Weighted>();
  }
  return nullptr;
}

}  // namespace copypath
