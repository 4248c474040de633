#include "testbench/benchmarks/runs.h"

#include <algorithm>
#include <stdexcept>

#include "testbench/locate.h"
#include "testbench/scenario.h"

namespace copypath::benchmarks {

namespace {

bool smoke = false;

}  // namespace

void set_smoke(bool only) { smoke = only; }

unsigned rounds() { return smoke ? 1 : 3; }

Config load(const std::vector<std::string>& assignments) {
  std::vector<Override> overrides;
  for (const std::string& assignment : assignments) overrides.push_back({assignment});
  Config config =
      load_scenario(shipped_folder() + "/file_server.ini", overrides, shipped_folder()).config;
  if (!smoke) return config;
  config.workload.clients = std::min(config.workload.clients, 4U);
  config.workload.file_size = std::min(config.workload.file_size, kKiB * 256);
  return config;
}

void simulate_here(const Config& config, const std::string& path, const RunOptions& options,
                   Cost& cost) {
  const double start = host_time();
  const Result result = simulate(config, path, options);
  cost.seconds = host_time() - start;
  cost.events = static_cast<double>(sc_core::sc_delta_count());
  cost.simulated = *result.value("elapsed_s");
  cost.payload = *result.value("payload_bytes");
  if (config.timing == Timing::kBurst) {  // or more of them, as the last of a transfer may be short
    cost.grants = *result.value("dram_bytes") / static_cast<double>(config.memory.burst.count());
  }
  if (!result.delivered_ok) throw std::runtime_error("not delivered");
}

std::function<void(Cost&)> simulation(const Config& config, const std::string& path,
                                      const RunOptions& options) {
  return [=](Cost& cost) { simulate_here(config, path, options, cost); };
}

}  // namespace copypath::benchmarks
