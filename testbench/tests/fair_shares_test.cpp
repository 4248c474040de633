// Laws of sharing out the bus: nothing is wasted, nobody gets more than it can take, and nobody who
// wants more gets less than another (max-min; Bertsekas & Gallager, Data Networks, 6.5.2), in
// proportion to the weights or within the ranks. Checked on hand-made and on seeded random demands.
#include "models/memory/fair_shares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "testbench/tests/memory_bench.h"

namespace copypath {
namespace {

constexpr double kCapacity = 96e9;
constexpr double kUnlimited = 1e15;
constexpr double kRounding = 1e-9;  // relative

/// Who asks for how much, and what it gets.
struct Asked {
  Agent agent;
  double limit;
  double share = 0;
};

/// Fills in the shares of those who ask, in their order, when `passing` have come and gone.
void share_out(Arbitration arbitration, std::vector<Asked>& asked,
               const std::vector<Asked>& passing = {}) {
  FairShares shares(kCapacity, arbitration);
  std::vector<Demand> demands(asked.size());
  std::vector<Demand> others(passing.size());
  const auto add = [&](Demand& demand, const Asked& by) {
    demand.limit = by.limit;
    shares.add(demand, by.agent);
  };
  for (std::size_t i = 0; i < std::max(asked.size(), passing.size()); ++i) {
    if (i < passing.size()) add(others[i], passing[i]);
    if (i < asked.size()) add(demands[i], asked[i]);
  }
  for (Demand& other : others) shares.remove(other);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i].share = shares.share_of(demands[i]);
}

void expect_shares(Arbitration arbitration, std::vector<Asked> asked,
                   const std::vector<double>& expected) {
  share_out(arbitration, asked);
  std::vector<double> shares;
  for (const Asked& by : asked) shares.push_back(by.share);
  ASSERT_EQ(shares.size(), expected.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    EXPECT_NEAR(shares[i], expected[i], kRounding * kCapacity) << "demand " << i;
  }
}

double weight(Arbitration arbitration, const Asked& asked) {
  return arbitration == Arbitration::kWeighted ? weight_of(asked.agent) : 1;
}

bool wants_more(const Asked& asked) { return asked.share < asked.limit * (1 - kRounding); }

/// Nobody who wants more has less, for its weight, than another of those it competes with.
void expect_fair(Arbitration arbitration, const std::vector<Asked>& asked) {
  for (const Asked& mine : asked) {
    if (!wants_more(mine)) continue;
    const double level = mine.share / weight(arbitration, mine);
    for (const Asked& other : asked) {
      if (arbitration == Arbitration::kPriority && rank_of(mine.agent) < rank_of(other.agent)) {
        EXPECT_EQ(other.share, 0);
      }
      if (arbitration == Arbitration::kPriority && rank_of(mine.agent) != rank_of(other.agent)) {
        continue;
      }
      EXPECT_LE(other.share / weight(arbitration, other), level * (1 + kRounding));
    }
  }
}

std::vector<Asked> random_demands(std::mt19937& random) {
  constexpr Agent kAgents[] = {Agent::kCore, Agent::kDisk, Agent::kNic};
  std::vector<Asked> demands(1 + random() % 12);
  std::uniform_real_distribution<double> share(0.001, 1.5);
  for (Asked& demand : demands) {
    demand.agent = kAgents[random() % 3];
    // Some alike, so that several demands meet their limits at once.
    demand.limit = kCapacity * (random() % 4 == 0 ? 0.25 : share(random));
  }
  return demands;
}

class FairShares : public ::testing::TestWithParam<Arbitration> {};

INSTANTIATE_TEST_SUITE_P(Arbitrations, FairShares, ::testing::ValuesIn(kArbitrations),
                         kNameOfParameter);

TEST_P(FairShares, AreMaxMinOnRandomDemands) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Asked> demands = random_demands(random);
    share_out(GetParam(), demands);
    double given = 0;
    double wanted = 0;
    for (const Asked& demand : demands) {
      EXPECT_GE(demand.share, 0);
      EXPECT_LE(demand.share, demand.limit);
      given += demand.share;
      wanted += demand.limit;
    }
    EXPECT_LE(given, kCapacity * (1 + kRounding));
    EXPECT_NEAR(given, std::min(wanted, kCapacity), kRounding * kCapacity) << "not work-conserving";
    expect_fair(GetParam(), demands);
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

TEST_P(FairShares, DoNotDependOnTheOrderOfTheDemandsNorOnWhoWasThereBefore) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<Asked> demands = random_demands(random);
    std::vector<std::size_t> order(demands.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<Asked> shuffled;
    for (const std::size_t i : order) shuffled.push_back(demands[i]);
    share_out(GetParam(), demands);
    share_out(GetParam(), shuffled, random_demands(random));
    for (std::size_t i = 0; i < order.size(); ++i) {
      EXPECT_EQ(shuffled[i].share, demands[order[i]].share);
    }
  }
}

TEST_P(FairShares, EverybodyGetsItsLimitWhileThereIsEnough) {
  expect_shares(GetParam(),
                {{Agent::kCore, kCapacity / 2},
                 {Agent::kDisk, kCapacity / 4},
                 {Agent::kNic, kCapacity / 8},
                 {Agent::kCore, kCapacity / 8}},
                {kCapacity / 2, kCapacity / 4, kCapacity / 8, kCapacity / 8});
}

TEST_P(FairShares, OneAloneGetsTheBusAndNobodyIsFine) {
  expect_shares(GetParam(), {{Agent::kCore, kUnlimited}}, {kCapacity});
  expect_shares(GetParam(), {}, {});
}

TEST_P(FairShares, AlikeShareEvenly) {
  expect_shares(GetParam(), {{Agent::kCore, kUnlimited}, {Agent::kCore, kUnlimited}},
                {kCapacity / 2, kCapacity / 2});
}

TEST(FairSharesRoundRobin, WhatASlowOneLeavesIsSharedByTheFast) {
  expect_shares(
      Arbitration::kRoundRobin,
      {{Agent::kNic, kUnlimited}, {Agent::kCore, kCapacity / 10}, {Agent::kDisk, kUnlimited}},
      {kCapacity * 0.45, kCapacity * 0.1, kCapacity * 0.45});
}

TEST(FairSharesWeighted, AreInProportionToTheWeights) {
  const double core = weight_of(Agent::kCore);
  const double disk = weight_of(Agent::kDisk);
  const double nic = weight_of(Agent::kNic);
  const double unit = kCapacity / (core + disk + nic);
  expect_shares(Arbitration::kWeighted,
                {{Agent::kCore, kUnlimited}, {Agent::kDisk, kUnlimited}, {Agent::kNic, kUnlimited}},
                {unit * core, unit * disk, unit * nic});
  EXPECT_GT(nic, core);
}

TEST(FairSharesPriority, DevicesGoBeforeCores) {
  expect_shares(Arbitration::kPriority,
                {{Agent::kCore, kUnlimited},
                 {Agent::kDisk, kCapacity / 4},
                 {Agent::kNic, kCapacity / 2},
                 {Agent::kCore, kUnlimited}},
                {kCapacity / 8, kCapacity / 4, kCapacity / 2, kCapacity / 8});
  expect_shares(Arbitration::kPriority,
                {{Agent::kCore, kUnlimited}, {Agent::kDisk, kUnlimited}, {Agent::kNic, kUnlimited}},
                {0, 0, kCapacity});
}

}  // namespace
}  // namespace copypath
