// A memory bus with nothing around it but the masters that a test asks for, and the names of the
// policies as they appear in the names of tests.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <systemc>

#include "models/ledger/ledger.h"
#include "models/memory/memory_bus.h"

namespace copypath {

constexpr Arbitration kArbitrations[] = {Arbitration::kRoundRobin, Arbitration::kPriority,
                                         Arbitration::kWeighted};
constexpr Timing kTimings[] = {Timing::kFluid, Timing::kBurst};
constexpr Data kDataKinds[] = {Data::kTags, Data::kBytes};

inline std::string name_of(Arbitration arbitration) {
  switch (arbitration) {
    case Arbitration::kRoundRobin:
      return "RoundRobin";
    case Arbitration::kPriority:
      return "Priority";
    case Arbitration::kWeighted:
      return "Weighted";
  }
  return "?";
}
inline std::string name_of(Timing timing) { return timing == Timing::kFluid ? "Fluid" : "Burst"; }
inline std::string name_of(Data data) { return data == Data::kTags ? "Tags" : "Bytes"; }

/// For INSTANTIATE_TEST_SUITE_P.
constexpr auto kNameOfParameter = [](const auto& info) { return name_of(info.param); };

class MemoryBench : public sc_core::sc_module {
public:
  Ledger ledger;
  PhysicalMemory memory;
  MemoryBus bus;
  std::deque<MemoryPort> ports;  ///< one per master, bound to the bus in this order

  MemoryBench(const sc_core::sc_module_name& name, const Config& config, unsigned masters)
      : sc_module(name), memory(config.workload.data), bus("bus", config, memory, ledger) {
    for (unsigned i = 0; i < masters; ++i) {
      ports.emplace_back(("port" + std::to_string(i)).c_str()).bind(bus.in);
    }
  }

  MemoryBench(const sc_core::sc_module_name& name, const MemoryConfig& config, Timing timing,
              unsigned masters, Data data = Data::kTags)
      : MemoryBench(name, with(config, timing, data), masters) {}

  double capacity() const { return bus.capacity(); }

private:
  static Config with(const MemoryConfig& memory, Timing timing, Data data) {
    Config config;
    config.memory = memory;
    config.timing = timing;
    config.workload.data = data;
    return config;
  }
};

}  // namespace copypath
