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
#include "models/units.h"

namespace copypath {

class Ledger {
public:
  struct Account {
    std::uint64_t bytes = 0;      ///< moved, each counted once
    std::uint64_t bus_bytes = 0;  ///< crossings of the memory bus times bytes
    std::uint64_t transfers = 0;
    std::uint32_t active = 0;  ///< transfers under way, for waveforms
  };

  void open(Movement movement) { ++accounts_[index_of(movement)].active; }

  /// Closes an entry: `bytes` have moved and `bus_bytes` have crossed the memory bus.
  void close(Movement movement, Bytes bytes, Bytes bus_bytes) {
    Account& account = accounts_[index_of(movement)];
    account.bytes += bytes.count();
    account.bus_bytes += bus_bytes.count();
    ++account.transfers;
    --account.active;
  }

  const Account& account(Movement movement) const { return accounts_[index_of(movement)]; }

  /// Bytes moved for that purpose; crossings count in payload_bus_bytes() instead.
  Bytes bytes(Purpose purpose) const;
  /// Payload that the agent moved (control traffic is not payload).
  Bytes payload_bytes(Agent agent) const;
  /// Payload that crossed the memory bus, once per crossing.
  Bytes payload_bus_bytes() const;
  /// Descriptors, headers and completions that crossed the memory bus.
  Bytes control_bus_bytes() const;

  /// The accounts that were used, in the order of the data path.
  std::vector<MovementRecord> records() const;

  /// One lane per payload movement (is it going on?) and its bytes so far.
  void trace(sc_core::sc_trace_file* file) const;
  /// Lanes of movements that never happened, as far as they tell nobody anything: those of the
  /// textbook's two paths stay, because a flat one shows what a path does not do.
  std::vector<std::string> idle_lanes() const;

private:
  std::array<Account, kMovements> accounts_{};
};

}  // namespace copypath
