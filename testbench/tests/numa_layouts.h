// The published layouts of a machine with two nodes: where disk, NIC and memory are, and how often
// a byte that is encrypted by the cores crosses the fabric (Gallatin, Netflix, 2022).
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "testbench/tests/apart.h"

namespace copypath {

struct NumaLayout {
  const char* name;
  unsigned disk_node;
  unsigned nic_node;
  Placement memory;
  double crossings;  ///< without a cache, or with one that is far too small
  double held;       ///< with one that holds all, which DMA may not fill
  double ddio;       ///< the same, and it may

  Config machine() const {
    Config config;
    config.numa.nodes = 2;
    config.numa.disk_node = disk_node;
    config.numa.nic_node = nic_node;
    config.numa.page_cache = config.numa.memory = memory;
    return config;
  }
};

// Held: what the disk writes past the cache crosses, and what a core misses at first. With DDIO
// nothing leaves the node of disk, cores and NIC, wherever the memory is; but between nodes the
// bytes themselves have to cross.
constexpr NumaLayout kWorst{"worst", 0, 0, Placement::kNode1, 4, 2, 0};
constexpr NumaLayout kStrictDiskSiloed{"strict disk-siloed", 0, 0, Placement::kServer, 0, 0, 0};
constexpr NumaLayout kNumaLayouts[] = {kWorst,
                                       {"network-siloed", 1, 0, Placement::kServer, 1, 1, 1},
                                       {"disk-siloed", 0, 1, Placement::kServer, 1, 1, 1},
                                       kStrictDiskSiloed};

/// With two nodes of which one is used, the machine does what it does with one; the values may
/// differ by the share `rounding`, as the time of a transfer is rounded apart for each resource it
/// holds.
inline void expect_the_machine_of_one(Config config, double rounding) {
  for (const Timing timing : {Timing::kFluid, Timing::kBurst}) {
    config.timing = timing;
    for (const char* const path : {"read_write", "sendfile", "ktls_sendfile"}) {
      config.numa.nodes = 2;
      const Result two = simulate_apart(config, path);
      config.numa.nodes = 1;
      const Result one = simulate_apart(config, path);
      for (const auto& [name, value] : one.values) {
        EXPECT_NEAR(*two.value(name), value, rounding * std::abs(value)) << path << " " << name;
      }
    }
  }
}

}  // namespace copypath
