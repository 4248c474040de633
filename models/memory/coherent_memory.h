// Memory that a driver and its device both read and write (dma_alloc_coherent()): descriptor rings
// and headers of packets. Its bytes are real whatever payload is (workload.data), and it lies above
// all page frames. The device reaches it by DMA over the memory bus, which enters that in the
// ledger; what the driver's core stores and loads stays in the core's cache, and its time is part
// of what the driver costs (cpu.skb, cpu.receive).
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "models/units.h"

namespace copypath {

class CoherentMemory {
public:
  /// Zeroed memory of its own for so many bytes, at most kStride; its physical address.
  std::uint64_t allocate(Bytes bytes) {
    regions_.push_back(std::make_unique<std::uint8_t[]>(bytes.count()));
    return kBase + (regions_.size() - 1) * kStride;
  }

  static constexpr bool holds(std::uint64_t address) { return address >= kBase; }

  /// The memory at a physical address.
  std::uint8_t* at(std::uint64_t address) const {
    return &regions_[(address - kBase) / kStride][(address - kBase) % kStride];
  }

private:
  static constexpr std::uint64_t kBase = std::uint64_t{1} << 44;  // frame numbers have 32 bits
  static constexpr std::uint64_t kStride = std::uint64_t{1} << 24;

  std::vector<std::unique_ptr<std::uint8_t[]>> regions_;
};

}  // namespace copypath
