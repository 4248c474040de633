// A machine of two sockets: every node has DRAM of its own, and a fabric (UPI, xGMI) with a limited
// bandwidth in each direction joins them. The cores that serve, the disk and the NIC sit on a node,
// and so does each kind of memory. What an agent moves from or to memory of the other node crosses
// the fabric, and holds it as it holds the DRAM. What the cache of a node holds is in cache.h.
// Left out: messages of coherence without data, more than two nodes, migration.
#pragma once

#include <array>
#include <memory>

#include "models/ledger/ledger.h"
#include "models/memory/bus_timing.h"
#include "models/memory/transfer.h"

namespace copypath {

/// Where everything lies: a plain question to the configuration.
class NumaPlacement {
public:
  explicit NumaPlacement(const NumaConfig& config) : config_(config) {}

  unsigned node_of(Agent agent) const;
  /// Where one page of memory of that kind lies that `agent` moves.
  unsigned node_of(Agent agent, Place place, Frame frame) const {
    const int node = whole(agent, place);
    return node == kInterleaved ? frame % 2 : static_cast<unsigned>(node);
  }
  /// Where `bytes` of memory of that kind lie that `agent` moves, in the pages of `list` if there
  /// is one.
  NodeBytes split(Agent agent, Place place, const SegmentList* list, Bytes bytes) const;

private:
  static constexpr int kInterleaved = -1;

  /// The node of all memory of that kind.
  int whole(Agent agent, Place place) const;
  /// Even frames on node 0, odd ones on node 1.
  static NodeBytes by_parity(const SegmentList& list, Bytes bytes);

  NumaConfig config_;
};

class Numa {
public:
  Numa(const NumaConfig& config, const MemoryConfig& memory, Timing timing, Ledger& ledger);

  /// What is read and written at the ends of a movement in memory.
  struct Asked {
    Bytes read;
    Bytes written;
    bool fetches;  ///< lines are read before they are written (write-allocate)
  };
  /// What that takes of the DRAM of each node, and of the fabric from each.
  NumaTraffic traffic(const MovementKind& kind, const SegmentList* from, const SegmentList* to,
                      const Asked& asked) const;

  /// Blocks while all of it is under way: every part proceeds by itself, at no more than the pace
  /// of the master, and the last one to end ends the transfer.
  void hold(unsigned master, const Transfer& transfer, Bytes bytes, const NumaTraffic& traffic,
            sc_time delay);
  /// Whether it would neither wait for others nor make them wait.
  bool has_room(const Transfer& transfer, Bytes bytes, const NumaTraffic& traffic) const;

  const NumaPlacement& placement() const { return placement_; }
  sc_time fabric_latency() const { return config_.fabric_latency; }
  void trace(sc_core::sc_trace_file* file);

private:
  static constexpr unsigned kResources = 4;  ///< DRAM of each node, fabric from each node

  static std::uint64_t part_of(const NumaTraffic& traffic, unsigned resource);

  NumaConfig config_;
  NumaPlacement placement_;
  Ledger& ledger_;
  std::array<std::unique_ptr<BusTiming>, kResources> resources_;
};

}  // namespace copypath
