// Laws of sweeps: a grid has every combination once; a crossover is found wherever the verdict of
// neighbours differs, as closely as was asked for, whatever the order of the values; the winner is
// the cheapest of the fastest. What an interrupted sweep has left is taken back whole or not at
// all. In the model, the bottleneck moves to the bus where the crossings fill it.
#include "testbench/sweep.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "models/platform/simulate.h"
#include "testbench/key_numbers.h"
#include "testbench/sweep_state.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

Result result_of(const std::string& path, double rate, double cost, const std::string& limit) {
  Result result;
  result.path = path;
  result.execution = "fluid";
  result.values = {{"throughput_Bps", rate}, {"cpu_s_per_GB", cost}};
  result.bottleneck = limit;
  result.delivered_ok = true;
  return result;
}

Axis axis(const char* key, std::vector<std::string> values) {
  return {find_key(key), std::move(values)};
}

/// A made-up machine: one path, whose bottleneck changes at the given values of the first axis.
class Machine {
public:
  explicit Machine(std::vector<double> thresholds) : thresholds_(std::move(thresholds)) {}

  std::vector<std::vector<Result>> operator()(const std::vector<Point>& points) const {
    std::vector<std::vector<Result>> results;
    for (const Point& point : points) {
      const double x = *number_of(*find_key(key), point[0]);
      int regime = 0;
      for (const double threshold : thresholds_) regime += x >= threshold ? 1 : 0;
      results.push_back({result_of("sendfile", 1, 1, "regime" + std::to_string(regime))});
    }
    return results;
  }

  std::string key = "memory.bandwidth";

private:
  std::vector<double> thresholds_;
};

TEST(Ranking, TheCheapestOfTheFastestWins) {
  std::vector<Result> results{result_of("a", 100, 3, ""), result_of("b", 99.5, 2, ""),
                              result_of("c", 98, 1, "")};
  EXPECT_EQ(fastest(results), (std::vector<std::size_t>{0, 1})) << "c is 2 % slower";
  EXPECT_EQ(winner(results), 1U);
  results[0].values["cpu_s_per_GB"] = 2.01;
  EXPECT_EQ(winner(results), 0U) << "0.5 % more CPU time is the same, and a is listed first";
  results[0].delivered_ok = false;
  EXPECT_EQ(fastest(results), (std::vector<std::size_t>{1}))
      << "who does not deliver is not in the race, but c is still slower than 99 % of b";
  for (Result& result : results) result.delivered_ok = false;
  EXPECT_EQ(winner(results), std::nullopt);
}

TEST(KeyNumbers, HalfwayLiesBetweenAndIsAccepted) {
  const std::vector<std::vector<const char*>> pairs{{"memory.bandwidth", "8GB/s", "11GB/s"},
                                                    {"nic.rate", "1Gbps", "2.5Gbps"},
                                                    {"workload.chunk", "4KiB", "64KiB"},
                                                    {"workload.chunk", "1000B", "1003B"},
                                                    {"cpu.cores", "2", "5"},
                                                    {"socket.rtt", "0ns", "1ms"},
                                                    {"page_cache.warm", "0", "0.001"},
                                                    {"memory.efficiency", "70%", "0.75"}};
  for (const auto& pair : pairs) {
    const Key& key = *find_key(pair[0]);
    const double low = *number_of(key, pair[1]);
    const double high = *number_of(key, pair[2]);
    for (const auto& [a, b] :
         {std::make_pair(pair[1], pair[2]), std::make_pair(pair[2], pair[1])}) {
      const auto middle = halfway(key, a, b);
      ASSERT_TRUE(middle) << pair[0];
      EXPECT_GE(*number_of(key, *middle), low + (high - low) / 4) << pair[0] << " " << *middle;
      EXPECT_LE(*number_of(key, *middle), high - (high - low) / 4) << pair[0] << " " << *middle;
    }
  }
  EXPECT_EQ(halfway(*find_key("cpu.cores"), "2", "3"), std::nullopt) << "nothing is between";
  EXPECT_EQ(halfway(*find_key("workload.client_rate"), "none", "1Gbps"), std::nullopt);
  EXPECT_EQ(halfway(*find_key("nic.scatter_gather"), "false", "true"), std::nullopt);
}

TEST(Sweep, AGridHasEveryCombinationOnce) {
  const std::vector<Axis> axes{axis("cpu.cores", {"1", "2"}), axis("nic.rate", {"1Gbps", "2Gbps"})};
  EXPECT_EQ(grid_of(axes),
            (std::vector<Point>{{"1", "1Gbps"}, {"1", "2Gbps"}, {"2", "1Gbps"}, {"2", "2Gbps"}}));
}

TEST(Sweep, FindsACrossoverAsCloselyAsAsked) {
  for (const double precision : {0.1, 0.01, 0.001}) {
    for (const double threshold : {1.5e9, 9.4e9, 99.9e9}) {
      // The order in which the values are given does not matter.
      Sweep sweep({axis("memory.bandwidth", {"100GB/s", "1GB/s", "10GB/s"})}, Machine({threshold}),
                  precision);
      sweep.run();
      ASSERT_EQ(sweep.crossovers().size(), 1U) << threshold;
      const Crossover& found = sweep.crossovers()[0];
      const double low = *number_of(*find_key("memory.bandwidth"), found.low[0]);
      const double high = *number_of(*find_key("memory.bandwidth"), found.high[0]);
      EXPECT_LT(low, threshold);
      EXPECT_GE(high, threshold);
      EXPECT_LE(high - low, precision * high);
      EXPECT_EQ(found.what, "bottleneck of sendfile");
      EXPECT_EQ(found.below, "regime0");
      EXPECT_EQ(found.above, "regime1");
    }
  }
}

TEST(Sweep, FindsEveryChangeBetweenTwoNeighbours) {
  Sweep sweep({axis("memory.bandwidth", {"1GB/s", "100GB/s"})}, Machine({5e9, 60e9}), 0.01);
  sweep.run();
  ASSERT_EQ(sweep.crossovers().size(), 2U);
  EXPECT_EQ(sweep.crossovers()[0].above, "regime1");
  EXPECT_EQ(sweep.crossovers()[1].below, "regime1");
}

TEST(Sweep, CountsAreNarrowedDownToNeighbours) {
  Machine machine({37});
  machine.key = "cpu.cores";
  Sweep sweep({axis("cpu.cores", {"1", "256"})}, machine, 1e-6);
  sweep.run();
  ASSERT_EQ(sweep.crossovers().size(), 1U);
  EXPECT_EQ(sweep.crossovers()[0].low[0], "36");
  EXPECT_EQ(sweep.crossovers()[0].high[0], "37");
}

TEST(Sweep, NothingChangesWhereNothingChanges) {
  Sweep sweep({axis("memory.bandwidth", {"1GB/s", "2GB/s"})}, Machine({3e9}), 0.01);
  sweep.run();
  EXPECT_TRUE(sweep.crossovers().empty());
  EXPECT_EQ(sweep.samples().size(), 2U);
}

TEST(Sweep, SaysWhereValuesDoNotGoTogether) {
  const auto only_the_grid = [](const std::vector<Point>& points) {
    std::vector<std::vector<Result>> results;
    for (const Point& point : points) {
      const bool low = point[0] == "64B";
      const bool on_grid = low || point[0] == "4KiB";
      results.emplace_back();
      if (on_grid) results.back() = {result_of("sendfile", 1, 1, low ? "cpu" : "nic")};
    }
    return results;
  };
  Sweep sweep({axis("memory.burst", {"64B", "4KiB"})}, only_the_grid, 0.01);
  sweep.run();
  ASSERT_EQ(sweep.crossovers().size(), 1U);
  EXPECT_FALSE(sweep.crossovers()[0].narrowed);
  EXPECT_EQ(sweep.samples().size(), 2U);
}

// read() + write() carries every byte over the bus six times, so the bus is full when its usable
// bandwidth is six times the goodput of the wire (1448 of 1538 bytes); sendfile() needs a third.
TEST(Sweep, TheBottleneckMovesWhereTheCrossingsFillTheBus) {
  Config config;
  config.workload.clients = 8;
  config.workload.file_size = Bytes(20'000'000);
  const Key& key = *find_key("memory.bandwidth");
  const auto evaluate = [&](const std::vector<Point>& points) {
    std::vector<std::vector<Result>> results;
    for (const Point& point : points) {
      key.set(config, point[0]);
      const auto found = simulate_apart(config, std::vector<std::string>{"read_write", "sendfile"});
      results.push_back({found.at("read_write"), found.at("sendfile")});
    }
    return results;
  };
  Sweep sweep({axis("memory.bandwidth", {"2GB/s", "32GB/s"})}, evaluate, 0.01);
  sweep.run();
  const double goodput = config.nic.rate.bytes_per_second() * 1448 / 1538;
  unsigned found = 0;
  for (const Crossover& crossover : sweep.crossovers()) {
    const bool read_write = crossover.what == "bottleneck of read_write";
    if (!read_write && crossover.what != "bottleneck of sendfile") continue;
    ++found;
    const double full = (read_write ? 6 : 2) * goodput / config.memory.efficiency;
    EXPECT_EQ(crossover.below, "memory_bus");
    EXPECT_EQ(crossover.above, "nic");
    // Headers, descriptors and completions take a little of the bus, too.
    EXPECT_GT(*number_of(key, crossover.high[0]), full) << crossover.what;
    EXPECT_LT(*number_of(key, crossover.low[0]), full * 1.05) << crossover.what;
  }
  EXPECT_EQ(found, 2U);
}

// ---- What an interrupted sweep leaves.

class SweepStateTest : public ::testing::Test {
protected:
  void TearDown() override { std::remove(file_.c_str()); }

  void write(const std::string& text) const {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << text;
  }
  std::string content() const {
    std::ifstream stream(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  const std::string file_ =  // of this test alone: the others run at the same time
      ::testing::TempDir() + "sweep_state_test." + std::to_string(getpid()) + ".resume";
};

TEST_F(SweepStateTest, IsTakenBackWholeOrNotAtAll) {
  {
    SweepState state(file_);
    state.add("first", result_of("a", 1.25, 2, "nic"));
    state.add("second", result_of("b", 1.0 / 3, 2, "cpu"));
  }
  const std::string whole = content();
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    write(whole.substr(0, length));
    SweepState state(file_);
    const Result* second = state.find("second");
    if (second != nullptr) {
      EXPECT_EQ(*second->value("throughput_Bps"), 1.0 / 3);
    }
    EXPECT_EQ(second != nullptr, length == whole.size()) << length;
    state.add("third", result_of("c", 3, 3, "disk"));  // and it can be gone on with
    const std::string now = content();
    EXPECT_EQ(now.back(), '\n');
    EXPECT_EQ(std::count(now.begin(), now.end(), '\n'), 2 + static_cast<int>(state.restored()));
  }
}

TEST_F(SweepStateTest, AChangedLineIsNotTaken) {
  {
    SweepState state(file_);
    state.add("first", result_of("a", 1.25, 2, "nic"));
  }
  std::string text = content();
  text[text.find("1.25")] = '7';
  write(text);
  EXPECT_EQ(SweepState(file_).find("first"), nullptr);
}

TEST_F(SweepStateTest, SomebodyElsesFileIsLeftAlone) {
  write("my notes\n");
  EXPECT_THROW(SweepState state(file_), OutputError);
  EXPECT_EQ(content(), "my notes\n");
}

TEST(Fingerprint, DependsOnEveryKeyThatCountsAndOnThePath) {
  const Config config;
  const std::string usual = fingerprint(config, "sendfile");
  EXPECT_EQ(fingerprint(config, "sendfile"), usual);
  EXPECT_NE(fingerprint(config, "read_write"), usual);
  for (const Key& key : keys()) {
    Config other;
    const std::size_t to = key.accepted.find(" to ");
    if (to != std::string::npos) {
      key.set(other, key.accepted.substr(to + 4, key.accepted.find(',') - to - 4));
    } else if (key.type == "switch") {
      key.set(other, key.get(config) == "true" ? "false" : "true");
    } else {
      continue;
    }
    if (key.get(other) == key.get(config)) key.set(other, key.accepted.substr(0, to));
    EXPECT_NE(fingerprint(other, "sendfile"), usual) << key.name;
  }
}

}  // namespace
}  // namespace copypath
