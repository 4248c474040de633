// Where the bytes of files lie on the drives: files contiguous, one after the other, on a volume
// that is striped over all drives in turn (RAID 0). Plain C++.
// Left out: fragmentation, metadata of a file system, redundancy.
#pragma once

#include <algorithm>

#include "models/platform/config.h"

namespace copypath {

class Layout {
public:
  struct Place {
    unsigned drive;
    std::uint64_t position;  ///< on the drive, in bytes
    Bytes room;  ///< from there to the end of the stripe, which the next drive continues
  };

  Layout(const DiskConfig& config, Bytes file_size)
      : drives_(config.count),
        stripe_(config.stripe),
        file_space_(kPageSize * units_covering(file_size, kPageSize)) {}

  unsigned drives() const { return drives_; }

  Place place(std::uint32_t file, std::uint64_t offset) const {
    const std::uint64_t at = file_space_.count() * file + offset;
    if (drives_ == 1) return {0, at, Bytes(~std::uint64_t{0})};
    const std::uint64_t stripe = at / stripe_.count();
    const std::uint64_t within = at % stripe_.count();
    return {static_cast<unsigned>(stripe % drives_), stripe / drives_ * stripe_.count() + within,
            stripe_ - Bytes(within)};
  }

private:
  unsigned drives_;
  Bytes stripe_;
  Bytes file_space_;
};

}  // namespace copypath
