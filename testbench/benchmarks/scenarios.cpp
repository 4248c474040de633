#include "testbench/benchmarks/scenarios.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "testbench/benchmarks/bare_kernel.h"
#include "testbench/benchmarks/runs.h"
#include "testbench/locate.h"

namespace copypath::benchmarks {

namespace {

constexpr double kChunk = 65536;

void report(benchmark::State& state, const Cost& cost) {
  state.SetIterationTime(cost.seconds);
  state.SetBytesProcessed(static_cast<std::int64_t>(cost.payload));
  state.counters["sim/host"] = cost.simulated / cost.seconds;
  state.counters["events"] = cost.events;
  state.counters["events/64KiB"] = cost.events / (cost.payload / kChunk);
  state.counters["ns/event"] = cost.seconds / cost.events * 1e9;
  state.counters["peak_MiB"] = cost.peak / (1 << 20);
  if (cost.grants > 0) state.counters["grants/s"] = cost.grants / cost.seconds;
}

/// One path of a machine, and the floor under it, in turns.
void run_scenario(benchmark::State& state, const Config& config, const std::string& path) {
  for (auto _ : state) {
    const auto work = simulation(config, path);
    const Cost once = measure_apart(work);
    const auto activations = static_cast<std::uint64_t>(std::max(once.events, once.grants));
    const Activation kind =
        config.timing == Timing::kBurst ? Activation::kMethod : Activation::kThread;
    const auto costs = measure_in_turns(
        rounds(), {work, [=](Cost& cost) { run_bare_kernel(kind, activations, cost); }});
    report(state, costs[0]);
    state.counters["floor_ns/event"] = costs[1].seconds / costs[1].events * 1e9;
    state.counters["x_floor"] = costs[0].seconds / costs[1].seconds;
  }
}

/// The same run with and without a trace.
void run_traced(benchmark::State& state, const Config& config, RunOptions traced) {
  traced.trace_file = fmt::format("{}/copypath_benchmark.{}.vcd",
                                  std::filesystem::temp_directory_path().string(), getpid());
  for (auto _ : state) {
    const auto costs = measure_in_turns(
        rounds(), {simulation(config, "sendfile", traced), simulation(config, "sendfile")});
    report(state, costs[0]);
    state.counters["x_untraced"] = costs[0].seconds / costs[1].seconds;
  }
  std::remove(traced.trace_file.c_str());
}

/// From the text of a scenario to the results of a run that has nothing to do.
void run_empty(benchmark::State& state) {
  for (auto _ : state) {
    const auto costs = measure_in_turns(rounds(), {[](Cost& cost) {
                                          const double start = host_time();
                                          Config config = load({});
                                          config.workload.file_size = Bytes(0);
                                          simulate_here(config, "sendfile", {}, cost);
                                          cost.seconds = host_time() - start;
                                        }});
    state.SetIterationTime(costs[0].seconds);
    state.counters["peak_MiB"] = costs[0].peak / (1 << 20);
  }
}

std::vector<std::string> hosts() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(shipped_folder() + "/hosts")) {
    names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

void register_scenarios() {
  for (const char* const path : {"sendfile", "read_write"}) {
    for (const std::string& host : hosts()) {
      add(fmt::format("file_server/{}/{}", host, path), run_scenario,
          load({fmt::format("host=hosts/{}.ini", host)}), path);
    }
    add(fmt::format("burst/{}", path), run_scenario,
        load({"timing=burst", "workload.clients=10", "workload.file_size=1MB"}), path);
  }
  for (const unsigned clients : {1U, 10U, 100U, 1000U}) {
    add(fmt::format("clients/{}", clients), run_scenario,
        load({fmt::format("workload.clients={}", clients), "workload.file_size=10MB"}), "sendfile");
  }
  add("clients/10000", run_scenario, load({"workload.clients=10000", "workload.file_size=1MB"}),
      "sendfile");
  const Config config = load({"workload.clients=1", "workload.file_size=64MB"});
  add("trace/whole", run_traced, config, RunOptions{});
  RunOptions outside;
  outside.trace_to = nanoseconds(1);
  add("trace/window_outside", run_traced, config, outside);
  add("empty_run", run_empty);
}

}  // namespace copypath::benchmarks
