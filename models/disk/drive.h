// The front of every drive: a doorbell, commands fetched from host memory, data by DMA over a PCI
// Express link (SATA: and the host adapter's cable), completions written back, an interrupt.
// What happens between command and data is the drive's own: flash_drive.h, hard_disk.h.
// Writes are taken into a buffer in the drive and acknowledged; where that is full, they wait.
// Left out: several queue pairs, errors of writes, flushes. The tail of a file's last block is not
// transferred.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <memory>

#include "models/cpu/interrupt.h"
#include "models/disk/command.h"
#include "models/disk/media.h"
#include "models/pcie/link.h"
#include "models/recycled.h"
#include "models/wake_up.h"

namespace copypath {

/// What the entries of the queues take, and the way between host adapter and drive.
struct DiskProtocol {
  Bytes command;     ///< fetched per command
  Bytes list_entry;  ///< and per page of its list
  Bytes completion;
  Rate cable;     ///< between host adapter and drive; 0: there is none
  unsigned tags;  ///< commands in the drive at once; 0: as many as the drive takes

  /// NVMe base specification (64, 8 and 16 bytes); AHCI 1.3.1 (header, FIS and PRD table; Set
  /// Device Bits FIS) with NCQ on SATA at 6 Gb/s (8b/10b, frames of 8 KiB with 16 bytes around
  /// them).
  static const DiskProtocol& of(DiskKind kind);

  /// Entries of the submission ring: one of them stays free.
  static unsigned entries(const DiskConfig& config);
};

class Drive : public sc_core::sc_module {
public:
  /// Offset of the submission queue's tail doorbell (NVMe base specification, queue 1).
  static constexpr std::uint64_t kTailDoorbell = 0x1008;

  MemoryPort memory{"memory"};            ///< data of reads
  MemoryPort commands{"commands"};        ///< commands, and data of writes
  MemoryPort completions{"completions"};  ///< completions
  tlm_utils::simple_target_socket<Drive> registers{"registers"};
  sc_core::sc_port<InterruptLine> irq{"irq"};

  static std::unique_ptr<Drive> make(const sc_core::sc_module_name& name, const DiskConfig& config,
                                     const PcieLink& link, DiskQueues& queues, Media& media);

  /// How long the drive has been busy with its media.
  virtual sc_time busy() const = 0;

  /// Lanes are named `prefix`.outstanding and so on.
  void trace(sc_core::sc_trace_file* file, const std::string& prefix) const;

protected:
  Drive(const sc_core::sc_module_name& name, const DiskConfig& config, const PcieLink& link,
        DiskQueues& queues, Media& media);

  /// Whether the drive takes another command.
  virtual bool accepts() const = 0;
  /// A read has been fetched.
  virtual void begin(DiskCommand command) = 0;
  /// Waits until the write buffer has room for so many bytes, and takes it.
  virtual void reserve(Bytes bytes) = 0;
  /// A write's data are in the buffer.
  virtual void written(const DiskCommand& command) = 0;

  /// Moves what the media have delivered into the command's pages, at no more than `limit`, and
  /// completes it after `delay`. What cannot be read is not moved, and the command fails.
  void deliver(const DiskCommand& command, Rate limit, sc_time delay);

  const DiskConfig& config() const { return config_; }
  /// The drive accepts() again: takes what has been waiting for that.
  void look_again();

private:
  struct Finished {
    sc_time at;
    DiskCompletion completion;
  };

  void write_register(tlm::tlm_generic_payload& payload, sc_time& delay);
  bool has_command() const;
  Bytes fetched_for(const DiskCommand& command) const;
  DiskCommand take_command();
  void fetch();
  void take_write(const DiskCommand& command);
  void complete(const DiskCommand& command, bool failed, sc_time delay);
  void write_back();
  void completed(const DiskCompletion& completion);
  Rate over_cable(Rate rate) const;

  DiskConfig config_;
  const DiskProtocol& protocol_;
  PcieLink link_;
  DiskQueues& queues_;
  Media& media_;
  WakeUp look_;        // for commands
  unsigned head_ = 0;  // of the submission queue
  unsigned tail_ = 0;
  Content content_;
  Content incoming_;
  Fifo<Finished> finished_;  // to be written back, in order of time
  WakeUp finished_event_;
  unsigned in_drive_ = 0;     // commands that hold a tag
  unsigned outstanding_ = 0;  // for the waveform
  bool transferring_ = false;
};

}  // namespace copypath
