#include "models/memory/memory_bus.h"

#include <cstring>

#include "models/memory/burst_timing.h"
#include "models/memory/fluid_timing.h"

namespace copypath {

std::unique_ptr<BusTiming> BusTiming::make(Timing timing, const MemoryConfig& config,
                                           double capacity) {
  if (timing == Timing::kFluid) return std::make_unique<FluidTiming>(capacity, config.arbitration);
  return std::make_unique<BurstTiming>(capacity, config.burst, config.arbitration);
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
  return {part(dram.read, some.read, all.read), part(dram.written, some.written, all.written),
          part(dram.fabric, some.total(), all.total())};
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
      timing_(BusTiming::make(config.timing, config.memory, capacity_)) {
  in.register_b_transport(this, &MemoryBus::b_transport);
  if (config.numa.nodes == 2) {
    numa_ = std::make_unique<Numa>(config.numa, config.memory, config.timing, ledger);
  }
  if (config.cache.size == Bytes(0)) return;
  for (unsigned node = 0; node < config.numa.nodes; ++node) {
    caches_[node] = std::make_unique<Cache>(config.cache, config.memory.write_allocate,
                                            [this](Movement movement, Bytes bytes, Bytes crossing) {
                                              ledger_.write_back(movement, bytes, crossing);
                                            });
  }
  if (!numa_) return;
  Cache::join(*caches_[0], *caches_[1], [this](Agent agent, Place place, Frame frame) {
    return numa_->placement().node_of(agent, place, frame);
  });
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

void MemoryBus::b_transport(int master, tlm::tlm_generic_payload& payload, sc_time& delay) {
  Transfer* transfer = payload.get_extension<Transfer>();
  if (transfer == nullptr) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  const Bytes bytes(payload.get_data_length());
  if (transfer->may_run_ahead && run_ahead(*transfer, bytes, delay)) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return;
  }
  if (delay != sc_core::SC_ZERO_TIME && !transfer->may_run_ahead &&
      delay * kShortLead > bytes / transfer->limit) {
    wait(delay);
    delay = sc_core::SC_ZERO_TIME;
  }
  transfer->ahead = sc_core::SC_ZERO_TIME;
  sc_time latency = config_.latency;
  if (bytes > Bytes(0)) {
    Content after;
    Demand demand = demand_of(*transfer, bytes, after);
    ask_dram(*transfer, demand);
    if (transfer->must_not_wait && !has_room(*transfer, demand)) return;
    if (demand.read > Bytes(0)) ledger_.open(transfer->movement);
    if (demand.framing > Bytes(0)) ledger_.open(demand.frames);
    // While the transfer takes its time, the host has time to fetch what move() will look at.
    if (transfer->from != nullptr) memory_.prefetch(*transfer->from);
    if (transfer->to != nullptr) memory_.prefetch(*transfer->to);
    take_bus(static_cast<unsigned>(master), *transfer, demand, delay);
    move(*transfer, after);
    enter(*transfer, demand);
    latency = demand.latency;
  }
  delay = latency;
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

/// Control traffic on a bus that has room for it, which nobody waits for and which no cache holds;
/// false if it has to be looked at as other transfers are.
bool MemoryBus::run_ahead(Transfer& transfer, Bytes bytes, sc_time& delay) {
  if (numa_ || bytes == Bytes(0)) return false;
  const MovementKind& kind = kind_of(transfer.movement);
  if (kind.agent == Agent::kCore) return false;  // whose stores may read first
  if (!timing_->has_room(transfer.limit.bytes_per_second())) return false;
  const DramTraffic dram = crossing(kind, bytes, bytes);
  ledger_.open(transfer.movement);
  ledger_.close(transfer.movement, bytes, dram.total(), dram);
  if (transfer.control != nullptr) move(*transfer.control, kind.reads_memory());
  transfer.ahead = delay + bytes / transfer.limit;
  delay = config_.latency;
  return true;
}

MemoryBus::Demand MemoryBus::demand_of(Transfer& transfer, Bytes bytes,
                                       Content& transformed_content) const {
  const MovementKind& kind = kind_of(transfer.movement);
  Demand demand{};
  demand.bytes = demand.read = demand.written = bytes;
  if (transfer.transform != nullptr) {
    transformed_content = transformed(transfer);
    demand.framing = transformed_content.framing();
    demand.written = transfer.produced - demand.framing;
  } else if (transfer.from != nullptr && kind.is_payload()) {
    demand.framing = memory_.framing(*transfer.from);
    demand.read = demand.written = bytes - demand.framing;
  }
  demand.asked = crossing(kind, demand.read, demand.written);
  demand.frames = framing_of(kind, transfer.transform != nullptr);
  if (demand.framing > Bytes(0)) {
    demand.framed = crossing(kind_of(demand.frames), demand.framing, demand.framing);
  }
  return demand;
}

/// What of the demand reaches DRAM, and which node's.
void MemoryBus::ask_dram(Transfer& transfer, Demand& demand) {
  demand.latency = config_.latency;
  if (caches_[0]) {
    ask_cache(transfer, demand);
    if (demand.dram.total() == Bytes(0)) demand.latency = cache_config_.latency;
  } else {
    demand.dram = demand.asked + demand.framed;
    if (numa_) {
      const MovementKind& kind = kind_of(transfer.movement);
      const bool fetches = config_.write_allocate && kind.agent == Agent::kCore;
      demand.nodes = numa_->traffic(kind, transfer.from, transfer.to,
                                    {demand.bytes, demand.written + demand.framing, fetches});
      demand.dram.fabric = demand.nodes.crossing();
    }
  }
  if (demand.dram.fabric > Bytes(0)) demand.latency += numa_->fabric_latency();
}

void MemoryBus::ask_cache(Transfer& transfer, Demand& demand) {
  const MovementKind& kind = kind_of(transfer.movement);
  const Bytes written = demand.written + demand.framing;
  const Cache::Outcome outcome = cache_of(kind.agent)
                                     .transfer(transfer.movement, transfer.from, transfer.to,
                                               transfer.to == nullptr ? Bytes(0) : written);
  demand.dram = {outcome.read, outcome.written, outcome.fabric};
  demand.written_back = outcome.written_back;
  demand.nodes = outcome.nodes;
  transfer.missed = outcome.missed_share();
  // What has no address is not in the cache.
  const bool reads = kind.reads_memory() && transfer.from == nullptr;
  const bool writes = kind.writes_memory() && transfer.to == nullptr;
  if (reads) demand.dram.read += demand.bytes;
  if (writes) demand.dram.written += written;
  if (numa_ && (reads || writes)) {
    const NumaTraffic past =
        numa_->traffic(kind, nullptr, nullptr,
                       {reads ? demand.bytes : Bytes(0), writes ? written : Bytes(0), false});
    demand.nodes += past;
    demand.dram.fabric += past.crossing();
  }
  if (outcome.hits() > 0) {  // each line takes its time, at the rate of where it is
    const double hit = outcome.hit_share();
    const double cold = transfer.limit.bytes_per_second();
    const double cached = transfer.cached_limit.bytes_per_second();
    transfer.limit = Rate(cold * cached / (hit * cold + (1 - hit) * cached));
  }
}

/// Closes the entries in the ledger, framing apart with its part of what both took.
void MemoryBus::enter(const Transfer& transfer, const Demand& demand) {
  DramTraffic of_framing;
  if (demand.framing > Bytes(0)) {
    of_framing = share_of(demand.dram, demand.framed, demand.asked + demand.framed);
  }
  if (demand.read > Bytes(0)) {
    ledger_.close(transfer.movement, demand.read, demand.asked.total(), demand.dram - of_framing);
  }
  if (demand.framing > Bytes(0)) {
    ledger_.close(demand.frames, demand.framing, demand.framed.total(), of_framing);
  }
}

/// Ahead of time if the master may run ahead and nobody minds, else for as long as it takes.
void MemoryBus::take_bus(unsigned master, Transfer& transfer, const Demand& demand, sc_time delay) {
  const bool ahead = transfer.may_run_ahead || delay != sc_core::SC_ZERO_TIME;
  const bool room = ahead && has_room(transfer, demand);
  if (!room && delay != sc_core::SC_ZERO_TIME) {  // only who is there has a share
    wait(delay);
    delay = sc_core::SC_ZERO_TIME;
  }
  if (transfer.may_run_ahead && room) {
    transfer.ahead = delay + demand.bytes / transfer.limit;
    if (numa_) ledger_.enter(demand.nodes);
  } else if (numa_) {
    numa_->hold(master, transfer, demand.bytes, demand.nodes, delay);
  } else {
    hold(master, transfer, demand, delay);
  }
}

// Takes as long as the master needs for its bytes, or the bus for those that cross it, from `delay`
// on.
void MemoryBus::hold(unsigned master, const Transfer& transfer, const Demand& demand,
                     sc_time delay) {
  const Bytes crossing = demand.dram.total() + demand.written_back;
  if (crossing == Bytes(0)) {  // all of it in the cache
    wait(delay + demand.bytes / transfer.limit);
    return;
  }
  const double crossings =
      static_cast<double>(crossing.count()) / static_cast<double>(demand.bytes.count());
  timing_->occupy(master, kind_of(transfer.movement).agent, crossing,
                  transfer.limit.bytes_per_second() * crossings, delay);
}

/// Whether it would neither wait for others nor make them wait.
bool MemoryBus::has_room(const Transfer& transfer, const Demand& demand) const {
  if (numa_) return numa_->has_room(transfer, demand.bytes, demand.nodes);
  const Bytes crossing = demand.dram.total() + demand.written_back;
  const double crossings =
      static_cast<double>(crossing.count()) / static_cast<double>(demand.bytes.count());
  return timing_->has_room(transfer.limit.bytes_per_second() * crossings);
}

// What a transform produces, and how much of it, is worked out when the pass begins, because the
// time that it takes depends on it.
Content MemoryBus::transformed(Transfer& transfer) const {
  Content before;
  Content after;
  memory_.read(*transfer.from, before);
  transfer.transform->apply(before, after);
  transfer.produced = after.size();
  return after;
}

void MemoryBus::move(const ControlList& pieces, bool reads) {
  for (const ControlPiece& piece : pieces) {
    std::uint8_t* const memory = memory_.coherent.at(piece.address);
    std::memcpy(reads ? piece.data : memory, reads ? memory : piece.data, piece.bytes);
  }
}

void MemoryBus::move(const Transfer& transfer, const Content& transformed) {
  if (transfer.control != nullptr) {
    move(*transfer.control, kind_of(transfer.movement).reads_memory());
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
