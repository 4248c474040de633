#include "models/memory/memory_bus.h"

#include <cstring>

#include "models/memory/burst_timing.h"
#include "models/memory/fluid_timing.h"

namespace copypath {

std::unique_ptr<BusTiming> BusTiming::make(const char* name, Timing timing,
                                           const MemoryConfig& config, double capacity) {
  if (timing == Timing::kFluid) return std::make_unique<FluidTiming>(capacity, config.arbitration);
  return std::make_unique<BurstTiming>(name, capacity, config.burst, config.arbitration);
}

namespace {

/// A transfer that begins later has its share of the bus, and counts as under way, from now on: for
/// at most this part of its own time.
constexpr double kShortLead = 100;

/// The part of `dram` that falls to `some` when `all` has been asked for.
DramTraffic share_of(const DramTraffic& dram, const DramTraffic& some, const DramTraffic& all) {
  const auto part = [](Bytes whole, Bytes of, Bytes total) {
    return total == Bytes(0) ? Bytes(0) : Bytes(whole.count() * of.count() / total.count());
  };
  return {part(dram.read, some.read, all.read), part(dram.written, some.written, all.written)};
}

}  // namespace

MemoryBus::MemoryBus(const sc_core::sc_module_name& name, const Config& config,
                     PhysicalMemory& memory, Ledger& ledger)
    : sc_module(name),
      config_(config.memory),
      cache_config_(config.cache),
      capacity_(config.memory.bandwidth.bytes_per_second() * config.memory.efficiency),
      memory_(memory),
      ledger_(ledger),
      timing_(BusTiming::make("timing", config.timing, config.memory, capacity_)) {
  in.register_b_transport(this, &MemoryBus::b_transport);
  if (config.numa.nodes == 2) {
    numa_ = std::make_unique<Numa>(config.numa, config.memory, config.timing, ledger);
  }
  if (config.cache.size == Bytes(0)) return;
  cache_ = std::make_unique<Cache>(
      config.cache, config.memory.write_allocate,
      [this](Movement movement, Bytes bytes) { ledger_.write_back(movement, bytes); });
}

DramTraffic MemoryBus::crossing(const MovementKind& kind, Bytes read, Bytes written) const {
  DramTraffic traffic;
  if (kind.reads_memory()) traffic.read = read;
  if (kind.writes_memory()) {
    traffic.written = written;
    if (config_.write_allocate && kind.agent == Agent::kCore) traffic.read += written;
  }
  return traffic;
}

DramTraffic MemoryBus::behind_cache(Transfer& transfer, Bytes read, Bytes written,
                                    Bytes& written_back) {
  const MovementKind& kind = kind_of(transfer.movement);
  const Cache::Outcome outcome = cache_->transfer(transfer.movement, transfer.from, transfer.to,
                                                  transfer.to == nullptr ? Bytes(0) : written);
  DramTraffic traffic{outcome.read, outcome.written};
  // What has no address is not in the cache.
  if (kind.reads_memory() && transfer.from == nullptr) traffic.read += read;
  if (kind.writes_memory() && transfer.to == nullptr) traffic.written += written;
  written_back = outcome.written_back;
  if (outcome.hits > 0) {  // each line takes its time, at the rate of where it is
    const double hit = outcome.hit_share();
    const double cold = transfer.limit.bytes_per_second();
    const double cached = transfer.cached_limit.bytes_per_second();
    transfer.limit = Rate(cold * cached / (hit * cold + (1 - hit) * cached));
  }
  return traffic;
}

void MemoryBus::b_transport(int master, tlm::tlm_generic_payload& payload, sc_time& delay) {
  Transfer* transfer = payload.get_extension<Transfer>();
  if (transfer == nullptr) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  const MovementKind& kind = kind_of(transfer->movement);
  const Bytes bytes(payload.get_data_length());
  if (delay != sc_core::SC_ZERO_TIME && !transfer->may_run_ahead &&
      delay * kShortLead > bytes / transfer->limit) {
    wait(delay);
    delay = sc_core::SC_ZERO_TIME;
  }
  transfer->ahead = sc_core::SC_ZERO_TIME;
  sc_time latency = config_.latency;
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
    const DramTraffic of_payload = crossing(kind, read, written);
    const Movement frames = framing_of(kind, transfer->transform != nullptr);
    const DramTraffic of_framing = crossing(kind_of(frames), framing, framing);
    DramTraffic dram = of_payload + of_framing;
    Bytes written_back;
    if (cache_) {
      dram = behind_cache(*transfer, bytes, written + framing, written_back);
      if (dram.total() == Bytes(0)) latency = cache_config_.latency;
    }
    DramTraffic framing_dram;
    if (framing > Bytes(0)) {
      framing_dram = share_of(dram, of_framing, of_payload + of_framing);
    }
    NumaTraffic nodes;
    if (numa_) {
      const bool fetches = config_.write_allocate && kind.agent == Agent::kCore;
      nodes =
          numa_->traffic(kind, transfer->from, transfer->to, {bytes, written + framing, fetches});
      dram.fabric = nodes.crossing();
      framing_dram.fabric =
          numa_->traffic(kind_of(frames), nullptr, nullptr, {framing, framing, fetches}).crossing();
      if (dram.fabric > Bytes(0)) latency += numa_->fabric_latency();
    }
    const bool any_payload = read > Bytes(0);
    if (any_payload) ledger_.open(transfer->movement);
    if (framing > Bytes(0)) ledger_.open(frames);
    const bool ahead = transfer->may_run_ahead || delay != sc_core::SC_ZERO_TIME;
    const bool room = ahead && has_room(*transfer, bytes, dram.total() + written_back, nodes);
    if (!room && delay != sc_core::SC_ZERO_TIME) {  // only who is there has a share
      wait(delay);
      delay = sc_core::SC_ZERO_TIME;
    }
    if (transfer->may_run_ahead && room) {
      transfer->ahead = delay + bytes / transfer->limit;
      if (numa_) ledger_.enter(nodes);
    } else if (numa_) {
      numa_->hold(static_cast<unsigned>(master), *transfer, bytes, nodes, delay);
    } else {
      hold(static_cast<unsigned>(master), *transfer, bytes, dram.total() + written_back, delay);
    }
    move(*transfer, after);
    if (any_payload) {
      ledger_.close(transfer->movement, read, of_payload.total(), dram - framing_dram);
    }
    if (framing > Bytes(0)) ledger_.close(frames, framing, of_framing.total(), framing_dram);
  }
  delay = latency;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

// Takes as long as the master needs for its bytes, or the bus for those that cross it, from `delay`
// on.
void MemoryBus::hold(unsigned master, const Transfer& transfer, Bytes bytes, Bytes crossing,
                     sc_time delay) {
  if (crossing == Bytes(0)) {  // all of it in the cache
    wait(delay + bytes / transfer.limit);
    return;
  }
  const double crossings =
      static_cast<double>(crossing.count()) / static_cast<double>(bytes.count());
  timing_->occupy(master, kind_of(transfer.movement).agent, crossing,
                  transfer.limit.bytes_per_second() * crossings, delay);
}

/// Whether it would neither wait for others nor make them wait.
bool MemoryBus::has_room(const Transfer& transfer, Bytes bytes, Bytes crossing,
                         const NumaTraffic& nodes) const {
  if (numa_) return numa_->has_room(transfer, bytes, nodes);
  const double crossings =
      static_cast<double>(crossing.count()) / static_cast<double>(bytes.count());
  return timing_->has_room(transfer.limit.bytes_per_second() * crossings);
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
