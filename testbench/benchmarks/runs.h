// What benchmarks of whole runs share: the scenario that they vary, a run of it to be measured in a
// process of its own, and how they are registered.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

#include "models/platform/simulate.h"
#include "testbench/benchmarks/apart.h"

namespace copypath::benchmarks {

/// A little of each, once, to see that they work; to be set before the rest is called.
void set_smoke(bool smoke);
/// How often a measurement is done.
unsigned rounds();

/// scenarios/file_server.ini with these assignments.
Config load(const std::vector<std::string>& assignments);

/// Simulates a path, and says what that took.
void simulate_here(const Config& config, const std::string& path, const RunOptions& options,
                   Cost& cost);
/// The same, for measure_apart().
std::function<void(Cost&)> simulation(const Config& config, const std::string& path,
                                      const RunOptions& options = {});

template <typename Function, typename... Arguments>
void add(const std::string& name, Function function, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace copypath::benchmarks
