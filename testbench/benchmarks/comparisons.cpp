#include "testbench/benchmarks/comparisons.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "native/path.h"
#include "native/runner.h"
#include "testbench/benchmarks/runs.h"

namespace copypath::benchmarks {

namespace {

/// The host time that a byte takes with 1 to 1000 clients, beyond what a run without bytes does.
void cost_of_clients(benchmark::State& state) {
  constexpr unsigned kClients[] = {1, 10, 100, 1000};
  for (auto _ : state) {
    std::vector<std::function<void(Cost&)>> works;
    for (const unsigned clients : kClients) {
      Config config =
          load({fmt::format("workload.clients={}", clients), "workload.file_size=10MB"});
      works.push_back(simulation(config, "sendfile"));
      config.workload.file_size = Bytes(0);
      works.push_back(simulation(config, "sendfile"));
    }
    const auto costs = measure_in_turns(rounds(), works);
    std::vector<double> per_byte;
    for (std::size_t i = 0; i < costs.size(); i += 2) {
      per_byte.push_back((costs[i].seconds - costs[i + 1].seconds) / costs[i].payload);
      state.counters[fmt::format("ns/KiB_{}", kClients[i / 2])] = per_byte.back() * 1e9 * 1024;
    }
    const auto [least, most] = std::minmax_element(per_byte.begin(), per_byte.end());
    state.counters["most/least"] = *most / *least;
    state.SetIterationTime(costs[6].seconds);
  }
}

/// Peaks of memory with 10 GB, and with as many times more.
void peak_of_bytes(benchmark::State& state, unsigned times) {
  for (auto _ : state) {
    Config config = load({"workload.file_size=100MB"});
    const Cost few = measure_apart(simulation(config, "sendfile"));
    config.workload.file_size = config.workload.file_size * times;
    const Cost many = measure_apart(simulation(config, "sendfile"));
    state.SetIterationTime(many.seconds);
    state.counters["sim/host"] = many.simulated / many.seconds;
    state.counters["peak_MiB"] = many.peak / (1 << 20);
    state.counters["x_peak"] = many.peak / few.peak;
  }
}

/// 10 GB from memory to a receiver on the same machine: by real system calls, which take their time
/// on the clock on the wall, and in the model.
void native_against_model(benchmark::State& state, const std::string& path) {
  const Config config =
      load({"nic.link=loopback", "page_cache.warm=1", "workload.files=1", "workload.sink=discard"});
  const auto by_calls = [&](Cost& cost) {
    native::Options options;
    options.repeat = 1;
    options.sink = native::sink_of(config.workload.sink);
    const auto outcome = native::run_all(config, {native::find_path(path)}, options).outcomes[0];
    if (!outcome.skipped.empty()) throw std::runtime_error(outcome.skipped);
    if (!outcome.problem.empty()) throw std::runtime_error(outcome.problem);
    cost.seconds = *outcome.result.value("elapsed_s");
    cost.payload = *outcome.result.value("payload_bytes");
  };
  for (auto _ : state) {
    try {
      const auto costs = measure_in_turns(rounds(), {by_calls, simulation(config, path)});
      if (costs[0].payload != costs[1].payload) throw std::runtime_error("not the same bytes");
      state.SetIterationTime(costs[1].seconds);
      state.SetBytesProcessed(static_cast<std::int64_t>(costs[1].payload));
      state.counters["native_ms"] = costs[0].seconds * 1e3;
      state.counters["x_model"] = costs[0].seconds / costs[1].seconds;
    } catch (const std::runtime_error& error) {  // this machine lacks something
      state.SkipWithError(error.what());
    }
  }
}

}  // namespace

void register_comparisons() {
  add("clients/cost", cost_of_clients);
  add("bytes/100GB", peak_of_bytes, 10);
  add("bytes/1TB", peak_of_bytes, 100);
  for (const char* const path : {"sendfile", "read_write"}) {
    add(fmt::format("against_native/{}", path), native_against_model, path);
  }
}

}  // namespace copypath::benchmarks
