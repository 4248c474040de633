// In which order a hard disk serves the commands that wait in it (NCQ). Plain C++.
//   fifo      as they came
//   elevator  the next one ahead of the head; behind the last, from the beginning again (C-LOOK)
// Left out: ordering by rotational position, which drives do as well.
#pragma once

#include <cstddef>
#include <vector>

#include "models/disk/command.h"

namespace copypath {

/// The index of the one to serve next; `waiting` is not empty, `head` is where the head is.
inline std::size_t next_command(const std::vector<DiskCommand>& waiting, std::uint64_t head,
                                DiskOrder order) {
  if (order == DiskOrder::kFifo) return 0;
  std::size_t best = 0;
  for (std::size_t i = 1; i < waiting.size(); ++i) {
    const bool ahead = waiting[i].position >= head;
    const bool best_ahead = waiting[best].position >= head;
    if (ahead != best_ahead ? ahead : waiting[i].position < waiting[best].position) best = i;
  }
  return best;
}

}  // namespace copypath
