// The memory bus with the DRAM behind it, shared by all masters: cores, the disk's DMA and the
// NIC's DMA. Capacity is the peak bandwidth times the efficiency that mixed traffic reaches
// (refresh, read/write turnaround and row misses are in that factor). Every movement of bytes is
// a transaction here: it takes time, changes memory, and is entered in the ledger. The framing of
// TLS records, which travels among the payload, is entered apart, as control traffic. With a cache
// in front of the DRAM, only what misses, what is evicted and what goes past it holds the bus.
// Left out: banks, channels.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include <array>
#include <memory>

#include "models/ledger/ledger.h"
#include "models/memory/bus_timing.h"
#include "models/memory/cache.h"
#include "models/memory/numa.h"
#include "models/memory/transfer.h"

namespace copypath {

class MemoryBus : public sc_core::sc_module {
public:
  tlm_utils::multi_passthrough_target_socket<MemoryBus, 64, MemoryProtocol> in{"in"};

  MemoryBus(const sc_core::sc_module_name& name, const Config& config, PhysicalMemory& memory,
            Ledger& ledger);

  /// What mixed traffic reaches, bytes per second: bandwidth times efficiency. Of each node.
  double capacity() const { return capacity_; }

  /// Sets what memory holds before the run begins: no time passes and the ledger is not touched.
  void preset(const SegmentList& to, const Content& content) { memory_.write(to, content); }

  /// What memory holds, for a check that costs the machine nothing: no time passes and the ledger
  /// is not touched.
  Content inspect(const SegmentList& from) const {
    Content content;
    memory_.read(from, content);
    return content;
  }

  void trace(sc_core::sc_trace_file* file) const override {
    if (numa_) {
      numa_->trace(file);
    } else {
      timing_->trace(file, "memory.bus");
    }
  }

private:
  /// What a transfer asks of memory, and what that takes.
  struct Demand {
    Bytes bytes;         ///< all of it, at the end that is read
    Bytes read;          ///< of that, payload
    Bytes written;       ///< payload, at the other end
    Bytes framing;       ///< of TLS records, at either
    Movement frames;     ///< how that travels
    DramTraffic asked;   ///< of memory, by payload
    DramTraffic framed;  ///< the same, by framing
    DramTraffic dram;    ///< what DRAM has to do for both, and what crosses the fabric
    Bytes written_back;  ///< by the cache, to make room
    NumaTraffic nodes;   ///< with two nodes, all of that
    sc_time latency;
  };

  void b_transport(int master, tlm::tlm_generic_payload& payload, sc_time& delay);
  bool run_ahead(Transfer& transfer, Bytes bytes, sc_time& delay);
  Demand demand_of(Transfer& transfer, Bytes bytes, Content& transformed) const;
  void ask_dram(Transfer& transfer, Demand& demand);
  void enter(const Transfer& transfer, const Demand& demand);
  /// What crosses the bus when `read` bytes are read and `written` bytes written and there is no
  /// cache: every byte once per end in memory, and once more for the line that a core's store reads
  /// before it writes (write-allocate).
  DramTraffic crossing(const MovementKind& kind, Bytes read, Bytes written) const;
  /// The same behind the cache, of which the transfer then has made use.
  void ask_cache(Transfer& transfer, Demand& demand);
  Cache& cache_of(Agent agent) { return *caches_[numa_ ? numa_->placement().node_of(agent) : 0]; }
  void take_bus(unsigned master, Transfer& transfer, const Demand& demand, sc_time delay);
  void hold(unsigned master, const Transfer& transfer, const Demand& demand, sc_time delay);
  bool has_room(const Transfer& transfer, const Demand& demand) const;
  Content transformed(Transfer& transfer) const;
  void move(const Transfer& transfer, const Content& transformed);
  void move(const ControlList& pieces, bool reads);

  MemoryConfig config_;
  CacheConfig cache_config_;
  double capacity_;
  PhysicalMemory& memory_;
  Ledger& ledger_;
  std::unique_ptr<BusTiming> timing_;
  std::array<std::unique_ptr<Cache>, 2> caches_;  ///< of each node, if there are any
  std::unique_ptr<Numa> numa_;  ///< if there are two nodes, in the place of timing_
};

}  // namespace copypath
