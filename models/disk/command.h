// What a driver and a drive share in host memory: a ring of commands, and the completions that come
// back. NVMe calls it a queue pair; for SATA it stands for the command list and the received FISes
// of AHCI. What the entries take on the way to the drive is the protocol's (drive.h).
#pragma once

#include <vector>

#include "models/memory/transfer.h"
#include "models/recycled.h"

namespace copypath {

/// One stretch of a file, from the drive into pages of memory or the other way.
struct DiskCommand {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  SegmentList pages;                        ///< their size is the length of the command
  void* cookie = nullptr;                   ///< the driver's; comes back in the completion queue
  Movement movement = Movement::kDiskRead;  ///< whose pages they are, and which way
  std::uint64_t position = 0;               ///< on the drive, in bytes from its first block

  /// Of the PRP list: one for each page.
  std::uint64_t list_entries() const {
    std::uint64_t entries = 0;
    for (const Segment& run : pages) entries += units_covering(Bytes(run.bytes), kPageSize);
    return entries;
  }
  bool writes() const { return kind_of(movement).reads_memory(); }
};

struct DiskCompletion {
  void* cookie;
  bool failed;  ///< the drive could not read what was asked for; the pages hold nothing
};

struct DiskQueues {
  explicit DiskQueues(unsigned entries) : submission(entries) {}

  std::vector<DiskCommand> submission;  ///< a ring; the driver fills it at its tail
  Fifo<DiskCompletion> completion;      ///< finished commands
  bool interrupt_pending = false;       ///< set by the drive, cleared by the driver
};

}  // namespace copypath
