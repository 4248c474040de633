// An NVMe drive: a submission queue in host memory, a doorbell, parallel channels to the media,
// one DMA engine that fills the pages of a command's list, a completion queue and an interrupt.
// A command takes a channel for the media latency and until its data has left the drive.
// Left out: writes, several queue pairs, the difference between reads and random reads.
// The tail of a file's last block is not transferred.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <deque>
#include <vector>

#include "models/cpu/interrupt.h"
#include "models/disk/media.h"
#include "models/memory/transfer.h"
#include "models/pcie/link.h"

namespace copypath {

/// A read of one stretch of a file into pages of memory.
struct DiskCommand {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  SegmentList pages;                        ///< the PRP list; its size is the length of the read
  void* cookie = nullptr;                   ///< the driver's; comes back in the completion queue
  Movement movement = Movement::kDiskRead;  ///< whose pages they are
};

/// The queue pair that driver and drive share in host memory.
struct DiskQueues {
  explicit DiskQueues(unsigned depth) : submission(depth) {}

  std::vector<DiskCommand> submission;  ///< a ring; the driver fills it at its tail
  std::deque<void*> completion;         ///< cookies of finished commands
  bool interrupt_pending = false;       ///< set by the drive, cleared by the driver
};

class Nvme : public sc_core::sc_module {
public:
  /// Offset of the submission queue's tail doorbell (NVMe base specification, queue 1).
  static constexpr std::uint64_t kTailDoorbell = 0x1008;
  /// Sizes of queue entries (NVMe base specification), and of an entry of a PRP list.
  static constexpr Bytes kCommandSize{64};
  static constexpr Bytes kCompletionSize{16};
  static constexpr Bytes kListEntrySize{8};

  MemoryPort memory{"memory"};      ///< data and completions
  MemoryPort commands{"commands"};  ///< fetching commands
  tlm_utils::simple_target_socket<Nvme> registers{"registers"};
  sc_core::sc_port<InterruptLine> irq{"irq"};

  Nvme(const sc_core::sc_module_name& name, const DiskConfig& config, const PcieLink& link,
       DiskQueues& queues, Media& media);

  void trace(sc_core::sc_trace_file* file) const override;

private:
  struct Access {
    DiskCommand command;
    sc_time ready;  ///< when the media have delivered
  };

  void write_register(tlm::tlm_generic_payload& payload, sc_time& delay);
  void fetch();
  void transfer();
  void move_data(const DiskCommand& command);
  void complete(const DiskCommand& command);

  DiskConfig config_;
  PcieLink link_;
  DiskQueues& queues_;
  Media& media_;
  unsigned head_ = 0;  // of the submission queue
  unsigned tail_ = 0;
  std::deque<Access> accesses_;  // one per busy channel, in the order in which they are ready
  sc_core::sc_event doorbell_;
  sc_core::sc_event fetched_;
  sc_core::sc_event channel_free_;
  Content content_;
  unsigned outstanding_ = 0;  // for the waveform
  bool transferring_ = false;
};

}  // namespace copypath
