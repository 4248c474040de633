// Laws of the bus arbiters: only a ready master is granted, round robin is fair to within one
// grant, a higher rank always goes first, weights hold in the long run, and who waits is served.
#include "models/memory/arbiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <vector>

#include "models/memory/fair_shares.h"
#include "testbench/tests/memory_bench.h"

namespace copypath {
namespace {

using Master = Arbiter::Master;

/// Two of every weight and rank.
const std::vector<Master> kMasters{{0, Agent::kCore}, {1, Agent::kCore}, {2, Agent::kDisk},
                                   {3, Agent::kDisk}, {4, Agent::kNic},  {5, Agent::kNic}};
constexpr std::size_t kCount = 6;

using Grants = std::array<unsigned, kCount>;

Grants grants_in(Arbiter& arbiter, const std::vector<Master>& ready, unsigned n) {
  Grants grants{};
  for (unsigned i = 0; i < n; ++i) ++grants[arbiter.pick(ready)];
  return grants;
}

/// Masters that ask at random times, and wait until they are granted.
class RandomRequests {
public:
  explicit RandomRequests(Arbitration arbitration) : arbiter_(Arbiter::make(arbitration)) {}

  /// Makes one grant; returns whom it went to.
  Master grant() {
    std::vector<Master> ready;
    while (ready.empty()) {
      for (const Master& master : kMasters) {
        if (random_() % 4 == 0) waits_[master.number] = true;
        if (waits_[master.number]) ready.push_back(master);
      }
    }
    const unsigned picked = arbiter_->pick(ready);
    EXPECT_TRUE(waits_[picked]) << "granted a master that is not ready";
    for (const Master& master : ready) ++passed_[master.number][picked];
    passed_[picked] = {};
    waits_[picked] = random_() % 2 == 0;  // it may want more at once
    return kMasters[picked];
  }

  /// Grants to each master while `master` has been waiting.
  const Grants& passed_over(const Master& master) const { return passed_[master.number]; }

private:
  std::unique_ptr<Arbiter> arbiter_;
  std::mt19937 random_{3};
  std::array<bool, kCount> waits_{};
  std::array<Grants, kCount> passed_{};
};

class ArbiterTest : public ::testing::TestWithParam<Arbitration> {};

INSTANTIATE_TEST_SUITE_P(Arbitrations, ArbiterTest, ::testing::ValuesIn(kArbitrations),
                         kNameOfParameter);

TEST_P(ArbiterTest, GrantsTheOnlyOneThatIsReady) {
  const auto arbiter = Arbiter::make(GetParam());
  for (const unsigned number : {5U, 0U, 3U, 3U, 1U}) {
    EXPECT_EQ(arbiter->pick({kMasters[number]}), number);
  }
}

TEST_P(ArbiterTest, AlikeTakeTurns) {
  const auto arbiter = Arbiter::make(GetParam());
  for (unsigned n = 1; n <= 10; ++n) {
    const Grants grants = grants_in(*arbiter, {kMasters[0], kMasters[1]}, 2);
    EXPECT_EQ(grants[0], 1U);
    EXPECT_EQ(grants[1], 1U);
  }
}

// Whoever else comes and goes: of two of the same rank, none is granted twice while the other
// waits.
TEST(PriorityArbiter, NobodyIsOvertakenTwiceInItsRank) {
  RandomRequests requests(Arbitration::kPriority);
  for (int i = 0; i < 100000; ++i) {
    const Master picked = requests.grant();
    for (const Master& master : kMasters) {
      if (rank_of(master.agent) != rank_of(picked.agent)) continue;
      ASSERT_LE(requests.passed_over(master)[picked.number], 1U) << "grant " << i;
    }
  }
}

// The round within a rank goes on where it was when a higher rank came in between.
TEST(PriorityArbiter, CoresTakeTurnsBetweenTheBurstsOfADevice) {
  const auto arbiter = Arbiter::make(Arbitration::kPriority);
  Grants total{};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(arbiter->pick({kMasters[0], kMasters[1], kMasters[4]}), 4U);
    ++total[arbiter->pick({kMasters[0], kMasters[1]})];
  }
  EXPECT_EQ(total[0], total[1]);
}

TEST(RoundRobinArbiter, IsFairToWithinOneGrant) {
  const auto arbiter = Arbiter::make(Arbitration::kRoundRobin);
  Grants total{};
  for (unsigned n = 1; n <= 1000; ++n) {
    ++total[arbiter->pick(kMasters)];
    const auto [least, most] = std::minmax_element(total.begin(), total.end());
    ASSERT_LE(*most - *least, 1U);
  }
}

TEST(RoundRobinArbiter, NobodyIsOvertakenTwiceByAnyone) {
  RandomRequests requests(Arbitration::kRoundRobin);
  for (int i = 0; i < 100000; ++i) {
    requests.grant();
    for (const Master& master : kMasters) {
      for (const unsigned passed : requests.passed_over(master)) ASSERT_LE(passed, 1U);
    }
  }
}

TEST(PriorityArbiter, NeverGrantsALowerRankWhileAHigherIsReady) {
  RandomRequests requests(Arbitration::kPriority);
  for (int i = 0; i < 100000; ++i) {
    const Master picked = requests.grant();
    for (const Master& master : kMasters) {
      if (rank_of(master.agent) >= rank_of(picked.agent)) continue;
      ASSERT_EQ(requests.passed_over(master)[picked.number], 0U) << "grant " << i;
    }
  }
}

TEST(PriorityArbiter, RanksAreNicDiskCores) {
  const auto arbiter = Arbiter::make(Arbitration::kPriority);
  EXPECT_EQ(arbiter->pick({kMasters[0], kMasters[2], kMasters[4]}), 4U);
  EXPECT_EQ(arbiter->pick({kMasters[0], kMasters[2]}), 2U);
}

TEST(WeightedArbiter, LongRunRatiosAreTheWeights) {
  const auto arbiter = Arbiter::make(Arbitration::kWeighted);
  constexpr unsigned kGrants = 10000;
  const Grants grants = grants_in(*arbiter, kMasters, kGrants);
  unsigned weights = 0;
  for (const Master& master : kMasters) weights += weight_of(master.agent);
  for (const Master& master : kMasters) {
    const double expected = static_cast<double>(kGrants) * weight_of(master.agent) / weights;
    EXPECT_NEAR(grants[master.number], expected, expected / 100) << "master " << master.number;
  }
}

TEST(WeightedArbiter, SpreadsItsGrantsEvenly) {
  const auto arbiter = Arbiter::make(Arbitration::kWeighted);
  // One core (weight 1) and one NIC (weight 2): in any three grants in a row, one for the core.
  for (int i = 0; i < 100; ++i) {
    const Grants grants = grants_in(*arbiter, {kMasters[0], kMasters[4]}, 3);
    EXPECT_EQ(grants[0], 1U);
    EXPECT_EQ(grants[4], 2U);
  }
}

// Two that keep asking share by their weights, whatever the others do in between.
TEST(WeightedArbiter, RatiosHoldWhileOthersComeAndGo) {
  const auto arbiter = Arbiter::make(Arbitration::kWeighted);
  std::mt19937 random(6);
  Grants total{};
  for (int i = 0; i < 100000; ++i) {
    std::vector<Master> ready{kMasters[0]};
    for (const unsigned other : {1U, 2U, 3U}) {
      // At times of their own, and more often just after core 0 was granted.
      if (random() % 4 == 0 || total[0] % 2 == 1) ready.push_back(kMasters[other]);
    }
    ready.push_back(kMasters[4]);
    ++total[arbiter->pick(ready)];
    const double core = total[0];
    const double nic = total[4];
    ASSERT_NEAR(nic / weight_of(Agent::kNic), core / weight_of(Agent::kCore), 1.5) << i;
  }
}

// Who waits is granted before the others have had twice their weights.
TEST(WeightedArbiter, NobodyStarves) {
  RandomRequests requests(Arbitration::kWeighted);
  unsigned weights = 0;
  for (const Master& master : kMasters) weights += weight_of(master.agent);
  for (int i = 0; i < 100000; ++i) {
    const Master picked = requests.grant();
    for (const Master& master : kMasters) {
      const Grants& passed = requests.passed_over(master);
      ASSERT_LE(passed[picked.number], 2 * weight_of(picked.agent));
      ASSERT_LE(std::accumulate(passed.begin(), passed.end(), 0U), 2 * weights);
    }
  }
}

}  // namespace
}  // namespace copypath
