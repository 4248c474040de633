#include "models/memory/memory_bus.h"

#include <cstring>

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

Bytes MemoryBus::crossing(const MovementKind& kind, Bytes read, Bytes written) const {
  const bool allocates = config_.write_allocate && kind.agent == Agent::kCore;
  Bytes total;
  if (kind.reads_memory()) total += read;
  if (kind.writes_memory()) total += written * (allocates ? 2 : 1);
  return total;
}

void MemoryBus::b_transport(int master, tlm::tlm_generic_payload& payload, sc_time& delay) {
  Transfer* transfer = payload.get_extension<Transfer>();
  if (transfer == nullptr) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  const MovementKind& kind = kind_of(transfer->movement);
  const Bytes bytes(payload.get_data_length());
  if (delay != sc_core::SC_ZERO_TIME) wait(delay);
  if (bytes > Bytes(0)) {
    Content after;
    Bytes read = bytes;
    Bytes written = bytes;
    Bytes framing;
    if (transfer->transform != nullptr) {
      after = transformed(*transfer);
      framing = after.framing();
      written = transfer->produced - framing;
    } else if (transfer->from != nullptr && kind.is_payload()) {
      framing = memory_.framing(*transfer->from);
      read = written = bytes - framing;
    }
    const Bytes payload_bytes = crossing(kind, read, written);
    const Movement frames = framing_of(kind, transfer->transform != nullptr);
    const Bytes framing_bytes = crossing(kind_of(frames), framing, framing);
    const Bytes bus_bytes = payload_bytes + framing_bytes;
    const double crossings =
        static_cast<double>(bus_bytes.count()) / static_cast<double>(bytes.count());
    const bool any_payload = read > Bytes(0);
    if (any_payload) ledger_.open(transfer->movement);
    if (framing > Bytes(0)) ledger_.open(frames);
    timing_->occupy(static_cast<unsigned>(master), kind.agent, bus_bytes,
                    transfer->limit.bytes_per_second() * crossings);
    move(*transfer, after);
    if (any_payload) ledger_.close(transfer->movement, read, payload_bytes);
    if (framing > Bytes(0)) ledger_.close(frames, framing, framing_bytes);
  }
  delay = config_.latency;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

// What a transform produces, and how much of it, is worked out when the pass begins, because the
// time that it takes depends on it.
Content MemoryBus::transformed(Transfer& transfer) {
  Content before;
  Content after;
  memory_.read(*transfer.from, before);
  transfer.transform->apply(before, after);
  transfer.produced = after.size();
  return after;
}

void MemoryBus::move(const Transfer& transfer, const Content& transformed) {
  if (transfer.control != nullptr) {
    const bool reads = kind_of(transfer.movement).reads_memory();
    for (const ControlPiece& piece : *transfer.control) {
      std::uint8_t* const memory = memory_.coherent.at(piece.address);
      std::memcpy(reads ? piece.data : memory, reads ? memory : piece.data, piece.bytes);
    }
  } else if (transfer.transform != nullptr) {
    memory_.write(first(*transfer.to, transfer.produced), transformed);
  } else if (transfer.from != nullptr && transfer.to != nullptr) {
    memory_.copy(*transfer.from, *transfer.to);
  } else if (transfer.from != nullptr) {
    if (transfer.sink != nullptr) memory_.read(*transfer.from, *transfer.sink);
  } else if (transfer.to != nullptr) {
    memory_.write(*transfer.to, *transfer.source);
  }
}

}  // namespace copypath
