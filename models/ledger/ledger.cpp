// Sums over the accounts of the ledger; nothing else in the program counts bytes.
#include "models/ledger/ledger.h"

#include <fmt/format.h>

#include <set>

namespace copypath {

namespace {

template <typename Matches>
Bytes sum(const std::array<Ledger::Account, kMovements>& accounts,
          std::uint64_t Ledger::Account::*figure, Matches matches) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kMovements; ++i) {
    if (matches(kind_of(static_cast<Movement>(i)))) total += accounts[i].*figure;
  }
  return Bytes(total);
}

}  // namespace

Bytes Ledger::bytes(Purpose purpose) const {
  return sum(accounts_, &Account::bytes,
             [=](const MovementKind& kind) { return kind.purpose == purpose; });
}

Bytes Ledger::payload_bytes(Agent agent) const {
  return sum(accounts_, &Account::bytes,
             [=](const MovementKind& kind) { return kind.agent == agent && kind.is_payload(); });
}

Bytes Ledger::payload_bus_bytes() const {
  return sum(accounts_, &Account::bus_bytes,
             [](const MovementKind& kind) { return kind.is_payload(); });
}

Bytes Ledger::control_bus_bytes() const {
  return sum(accounts_, &Account::bus_bytes,
             [](const MovementKind& kind) { return !kind.is_payload(); });
}

DramTraffic Ledger::payload_dram() const {
  const auto payload = [](const MovementKind& kind) { return kind.is_payload(); };
  return {sum(accounts_, &Account::dram_read, payload),
          sum(accounts_, &Account::dram_written, payload),
          sum(accounts_, &Account::fabric_bytes, payload)};
}

DramTraffic Ledger::dram() const {
  const auto all = [](const MovementKind&) { return true; };
  return {sum(accounts_, &Account::dram_read, all), sum(accounts_, &Account::dram_written, all),
          sum(accounts_, &Account::fabric_bytes, all)};
}

std::vector<MovementRecord> Ledger::records() const {
  std::vector<MovementRecord> records;
  for (std::size_t i = 0; i < kMovements; ++i) {
    if (accounts_[i].transfers == 0) continue;
    const MovementKind& kind = kind_of(static_cast<Movement>(i));
    MovementRecord record;
    record.name = kind.name;
    record.agent = name_of(kind.agent);
    record.purpose = name_of(kind.purpose);
    record.from = name_of(kind.from);
    record.to = name_of(kind.to);
    record.reason = kind.reason;
    record.bytes = accounts_[i].bytes;
    record.dram_bytes = accounts_[i].dram_read + accounts_[i].dram_written;
    record.transfers = accounts_[i].transfers;
    records.push_back(record);
  }
  return records;
}

std::vector<std::string> Ledger::idle_lanes() const {
  static const std::set<Movement> kTextbook{Movement::kDiskRead, Movement::kCopyToUser,
                                            Movement::kCopyFromUser, Movement::kTransmitPage,
                                            Movement::kTransmitCopy};
  std::vector<std::string> lanes;
  for (std::size_t i = 0; i < kMovements; ++i) {
    const auto movement = static_cast<Movement>(i);
    if (accounts_[i].transfers > 0 || kTextbook.count(movement) > 0) continue;
    lanes.emplace_back(kind_of(movement).name);
    lanes.push_back(lanes.back() + "_bytes");
  }
  return lanes;
}

void Ledger::trace(sc_core::sc_trace_file* file) const {
  for (std::size_t i = 0; i < kMovements; ++i) {
    const MovementKind& kind = kind_of(static_cast<Movement>(i));
    if (!kind.is_payload()) continue;
    sc_core::sc_trace(file, accounts_[i].active, fmt::format("movements.{}", kind.name), 8);
    sc_core::sc_trace(file, accounts_[i].bytes, fmt::format("movements.{}_bytes", kind.name), 64);
  }
}

}  // namespace copypath
