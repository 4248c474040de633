// What transfers take of DRAM and of the fabric between two nodes, in bytes: plain sums, as the
// memory system works them out and the ledger keeps them.
#pragma once

#include <array>
#include <cstdint>

#include "models/units.h"

namespace copypath {

/// What a movement takes of DRAM, and how much of that crosses the fabric between two nodes.
struct DramTraffic {
  Bytes read;
  Bytes written;
  Bytes fabric{};

  Bytes total() const { return read + written; }
  friend DramTraffic operator+(DramTraffic a, DramTraffic b) {
    return {a.read + b.read, a.written + b.written, a.fabric + b.fabric};
  }
  friend DramTraffic operator-(DramTraffic a, DramTraffic b) {
    return {a.read - b.read, a.written - b.written, a.fabric - b.fabric};
  }
};

/// Bytes by node.
using NodeBytes = std::array<std::uint64_t, 2>;

/// What transfers take of the DRAM of each node, and of the fabric from each to the other.
struct NumaTraffic {
  NodeBytes dram{};
  NodeBytes fabric{};

  Bytes crossing() const { return Bytes(fabric[0] + fabric[1]); }
  NumaTraffic& operator+=(const NumaTraffic& more) {
    for (std::size_t node = 0; node < 2; ++node) {
      dram[node] += more.dram[node];
      fabric[node] += more.fabric[node];
    }
    return *this;
  }
};

}  // namespace copypath
