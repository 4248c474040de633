// The ledger: the one place through which every movement of bytes passes. The memory system opens
// an entry when a transfer takes the bus and closes it when the last byte has moved; every
// figure about copies, crossings and CPU-touched bytes is a sum over these accounts.
#pragma once

#include <array>
#include <string>
#include <systemc>
#include <vector>

#include "models/ledger/movement.h"
#include "models/ledger/result.h"
#include "models/ledger/traffic.h"
#include "models/units.h"

namespace copypath {

class Ledger {
public:
  struct Account {
    std::uint64_t bytes = 0;         ///< moved, each counted once
    std::uint64_t bus_bytes = 0;     ///< asked of memory: once for each end that lies there
    std::uint64_t dram_read = 0;     ///< bytes of these that DRAM had to deliver
    std::uint64_t dram_written = 0;  ///< bytes that went to DRAM, at once or when they were evicted
    std::uint64_t fabric_bytes = 0;  ///< between nodes
    std::uint64_t transfers = 0;
    std::uint32_t active = 0;  ///< transfers under way, for waveforms
  };

  /// What a connection's bytes lie in, as references to them are handed on: nothing moves then.
  struct Provenance {
    std::array<std::uint64_t, kPlaces> bytes{};
    std::uint64_t linear = 0;  ///< in one piece with the headers, in kernel memory
  };
  Provenance sent;      ///< handed to the network device
  Provenance received;  ///< handed to a receiver on the same machine

  void open(Movement movement) { ++accounts_[index_of(movement)].active; }

  /// Closes an entry: `bytes` have moved, `bus_bytes` have been asked of memory, and that much
  /// has come from DRAM and gone there.
  void close(Movement movement, Bytes bytes, Bytes bus_bytes, DramTraffic dram) {
    Account& account = accounts_[index_of(movement)];
    account.bytes += bytes.count();
    account.bus_bytes += bus_bytes.count();
    account.dram_read += dram.read.count();
    account.dram_written += dram.written.count();
    account.fabric_bytes += dram.fabric.count();
    ++account.transfers;
    --account.active;
  }

  /// Bytes that the movement had written leave the cache, and that many of them cross the fabric.
  void write_back(Movement movement, Bytes bytes, Bytes fabric) {
    accounts_[index_of(movement)].dram_written += bytes.count();
    accounts_[index_of(movement)].fabric_bytes += fabric.count();
  }

  /// What a transfer takes of two nodes.
  void enter(const NumaTraffic& traffic) { numa_ += traffic; }
  const NumaTraffic& numa() const { return numa_; }

  const Account& account(Movement movement) const { return accounts_[index_of(movement)]; }

  /// Bytes moved for that purpose; crossings count in payload_bus_bytes() instead.
  Bytes bytes(Purpose purpose) const;
  /// Payload that the agent moved (control traffic is not payload).
  Bytes payload_bytes(Agent agent) const;
  /// Payload that was asked of memory, once per crossing.
  Bytes payload_bus_bytes() const;
  /// Descriptors, headers and completions that were asked of memory.
  Bytes control_bus_bytes() const;
  /// What DRAM delivered and took, of payload and of everything.
  DramTraffic payload_dram() const;
  DramTraffic dram() const;

  /// The accounts that were used, in the order of the data path.
  std::vector<MovementRecord> records() const;

  /// One lane per payload movement (is it going on?) and its bytes so far.
  void trace(sc_core::sc_trace_file* file) const;
  /// Lanes of movements that never happened, as far as they tell nobody anything: those of the
  /// textbook's two paths stay, because a flat one shows what a path does not do.
  std::vector<std::string> idle_lanes() const;

private:
  std::array<Account, kMovements> accounts_{};
  NumaTraffic numa_;
};

}  // namespace copypath
