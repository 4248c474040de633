// The buffers of a server whose sends go on using them after the call has returned: used in turn,
// so that each has time to become free while the others are filled and sent.
#pragma once

#include <algorithm>
#include <vector>

#include "models/memory/physical_memory.h"
#include "models/platform/config.h"

namespace copypath {

class BufferRing {
public:
  struct Buffer {
    std::uint64_t address = 0;
    bool exists = false;  ///< it is allocated when its turn comes for the first time
    /// What must be complete before it may be filled again; in what unit is the path's business.
    std::uint64_t free_at = 0;
  };

  /// The most buffers that are used by default.
  static constexpr std::uint64_t kMost = 1024;

  BufferRing(PhysicalMemory& memory, const Config& config)
      : memory_(memory), size_(size_of_buffer(config)), buffers_(buffers(config)) {
    reuses_at_once_ = config.workload.hazard == Hazard::kReuseBuffer;
  }

  /// No more than a chunk, nor than the whole file.
  static Bytes size_of_buffer(const Config& config) {
    return std::min(config.workload.chunk, config.workload.file_size);
  }
  /// workload.buffers, or as many as fill the send buffer twice, and two: calls that wait for the
  /// same packet to leave share a notification, so a buffer may be busy longer than its bytes.
  static std::size_t buffers(const Config& config) {
    if (config.workload.hazard == Hazard::kReuseBuffer) return 1;
    if (config.workload.buffers > 0) return config.workload.buffers;
    return std::min(2 * units_covering(config.socket.send_buffer, config.workload.chunk) + 2,
                    kMost);
  }

  /// The buffer whose turn it is. workload.hazard = reuse_buffer: always the same, and at once.
  Buffer& next() {
    Buffer& buffer = buffers_[turn_];
    turn_ = (turn_ + 1) % buffers_.size();
    if (!buffer.exists) {
      const auto frames = static_cast<unsigned>(units_covering(size_, kPageSize));
      buffer.address = address_of(memory_.allocate_adjacent(frames));
      buffer.exists = true;
    }
    if (reuses_at_once_) buffer.free_at = 0;
    return buffer;
  }

private:
  PhysicalMemory& memory_;
  Bytes size_;
  std::vector<Buffer> buffers_;
  std::size_t turn_ = 0;
  bool reuses_at_once_ = false;
};

}  // namespace copypath
