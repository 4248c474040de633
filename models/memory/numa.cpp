// Four resources: the DRAM of each node, and the fabric in each direction.
#include "models/memory/numa.h"

#include <algorithm>

namespace copypath {

unsigned NumaPlacement::node_of(Agent agent) const {
  switch (agent) {
    case Agent::kCore:
      return config_.server_node;
    case Agent::kDisk:
      return config_.disk_node;
    case Agent::kNic:
      return config_.nic_node;
  }
  return 0;
}

int NumaPlacement::whole(Agent agent, Place place) const {
  const auto node = [](unsigned number) { return static_cast<int>(number); };
  if (place == Place::kQueues) return node(node_of(agent));  // a driver allocates them there
  if (place == Place::kPersistent) return node(config_.disk_node);
  switch (place == Place::kPageCache ? config_.page_cache : config_.memory) {
    case Placement::kServer:
      return node(config_.server_node);
    case Placement::kDisk:
      return node(config_.disk_node);
    case Placement::kNic:
      return node(config_.nic_node);
    case Placement::kNode0:
      return 0;
    case Placement::kNode1:
      return 1;
    case Placement::kInterleave:
      break;
  }
  return kInterleaved;
}

NodeBytes NumaPlacement::split(Agent agent, Place place, const SegmentList* list,
                               Bytes bytes) const {
  const int node = whole(agent, place);
  if (node != kInterleaved) {
    NodeBytes on{};
    on[static_cast<std::size_t>(node)] = bytes.count();
    return on;
  }
  if (list == nullptr) return {bytes.count() - bytes.count() / 2, bytes.count() / 2};
  return by_parity(*list, bytes);
}

NodeBytes NumaPlacement::by_parity(const SegmentList& list, Bytes bytes) {
  NodeBytes on{};
  std::uint64_t left = bytes.count();
  for (const Segment& segment : list) {
    std::uint64_t address = segment.address;
    for (const std::uint64_t end = address + segment.bytes; address < end && left > 0;) {
      const std::uint64_t page_end = (address / kPageSize.count() + 1) * kPageSize.count();
      const std::uint64_t n = std::min({page_end - address, end - address, left});
      on[frame_of(address) % 2] += n;
      address += n;
      left -= n;
    }
  }
  return on;
}

Numa::Numa(const NumaConfig& config, const MemoryConfig& memory, Timing timing, Ledger& ledger)
    : config_(config), placement_(config), ledger_(ledger) {
  const double dram = memory.bandwidth.bytes_per_second() * memory.efficiency;
  const double fabric = config.fabric_bandwidth.bytes_per_second();
  resources_ = {BusTiming::make(timing, memory, dram), BusTiming::make(timing, memory, dram),
                BusTiming::make(timing, memory, fabric), BusTiming::make(timing, memory, fabric)};
}

NumaTraffic Numa::traffic(const MovementKind& kind, const SegmentList* from, const SegmentList* to,
                          const Asked& asked) const {
  const unsigned here = placement_.node_of(kind.agent);
  const unsigned there = 1 - here;
  NumaTraffic traffic;
  const auto add = [&](const NodeBytes& bytes, unsigned direction) {
    for (unsigned node = 0; node < 2; ++node) traffic.dram[node] += bytes[node];
    traffic.fabric[direction] += bytes[there];
  };
  if (kind.reads_memory()) add(placement_.split(kind.agent, kind.from, from, asked.read), there);
  if (kind.writes_memory()) {
    const NodeBytes bytes = placement_.split(kind.agent, kind.to, to, asked.written);
    add(bytes, here);
    if (asked.fetches) add(bytes, there);
  }
  return traffic;
}

void Numa::hold(unsigned master, const Transfer& transfer, Bytes bytes, const NumaTraffic& traffic,
                sc_time delay) {
  const Agent agent = kind_of(transfer.movement).agent;
  std::array<BusTiming*, kResources> pending{};
  unsigned parts = 0;
  for (unsigned i = 0; i < kResources; ++i) {
    const std::uint64_t part = part_of(traffic, i);
    if (part == 0) continue;
    const double share = static_cast<double>(part) / static_cast<double>(bytes.count());
    pending[parts++] = resources_[i].get();
    resources_[i]->start(master, agent, Bytes(part), transfer.limit.bytes_per_second() * share,
                         delay);
  }
  if (parts == 0) sc_core::wait(delay + bytes / transfer.limit);  // all of it in the cache
  while (parts > 0) {
    sc_core::sc_event_or_list any;
    for (unsigned i = 0; i < parts; ++i) any |= pending[i]->done(master);
    sc_core::wait(any);
    for (unsigned i = 0; i < parts;) {
      if (!pending[i]->finished(master)) {
        ++i;
        continue;
      }
      pending[i]->leave(master);
      pending[i] = pending[--parts];
    }
  }
  ledger_.enter(traffic);
}

bool Numa::has_room(const Transfer& transfer, Bytes bytes, const NumaTraffic& traffic) const {
  for (unsigned i = 0; i < kResources; ++i) {
    const std::uint64_t part = part_of(traffic, i);
    const double share = static_cast<double>(part) / static_cast<double>(bytes.count());
    if (part > 0 && !resources_[i]->has_room(transfer.limit.bytes_per_second() * share)) {
      return false;
    }
  }
  return true;
}

/// What falls to one of the resources.
std::uint64_t Numa::part_of(const NumaTraffic& traffic, unsigned resource) {
  return resource < 2 ? traffic.dram[resource] : traffic.fabric[resource - 2];
}

void Numa::trace(sc_core::sc_trace_file* file) {
  resources_[0]->trace(file, "memory.bus");
  resources_[1]->trace(file, "memory.bus1");
  resources_[2]->trace(file, "memory.fabric_from0");
  resources_[3]->trace(file, "memory.fabric_from1");
}

}  // namespace copypath
