#include "models/memory/memory_bus.h"

#include "models/memory/burst_timing.h"
#include "models/memory/fluid_timing.h"

namespace copypath {

std::unique_ptr<BusTiming> BusTiming::make(Timing timing, const MemoryConfig& config,
                                           double capacity) {
  if (timing == Timing::kFluid) return std::make_unique<FluidTiming>(capacity, config.arbitration);
  return std::make_unique<BurstTiming>("timing", capacity, config.burst, config.arbitration);
}

MemoryBus::MemoryBus(const sc_core::sc_module_name& name, const MemoryConfig& config, Timing timing,
                     PhysicalMemory& memory, Ledger& ledger)
    : sc_module(name),
      config_(config),
      capacity_(config.bandwidth.bytes_per_second() * config.efficiency),
      memory_(memory),
      ledger_(ledger),
      timing_(BusTiming::make(timing, config, capacity_)) {
  in.register_b_transport(this, &MemoryBus::b_transport);
}

unsigned MemoryBus::crossings(const MovementKind& kind) const {
  const bool allocates = config_.write_allocate && kind.agent == Agent::kCore;
  return (kind.reads_memory() ? 1 : 0) + (kind.writes_memory() ? (allocates ? 2 : 1) : 0);
}

void MemoryBus::b_transport(int master, tlm::tlm_generic_payload& payload, sc_time& delay) {
  const Transfer* transfer = payload.get_extension<Transfer>();
  if (transfer == nullptr) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  const MovementKind& kind = kind_of(transfer->movement);
  const Bytes bytes(payload.get_data_length());
  const Bytes bus_bytes = bytes * crossings(kind);
  if (delay != sc_core::SC_ZERO_TIME) wait(delay);
  if (bytes > Bytes(0)) {
    ledger_.open(transfer->movement);
    timing_->occupy(static_cast<unsigned>(master), kind.agent, bus_bytes,
                    transfer->limit.bytes_per_second() * crossings(kind));
    move(*transfer);
    ledger_.close(transfer->movement, bytes, bus_bytes);
  }
  delay = config_.latency;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void MemoryBus::move(const Transfer& transfer) {
  if (transfer.from != nullptr && transfer.to != nullptr) {
    memory_.copy(*transfer.from, *transfer.to);
  } else if (transfer.from != nullptr) {
    memory_.read(*transfer.from, *transfer.sink);
  } else if (transfer.to != nullptr) {
    memory_.write(*transfer.to, *transfer.source);
  }
}

}  // namespace copypath
