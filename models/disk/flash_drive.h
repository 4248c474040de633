// A drive without moving parts, behind NVMe or SATA: parallel channels to the media, and one DMA
// engine that fills the pages of a command's list. A command takes a channel for the media latency
// and until its data have left the drive; the controller's firmware adds its part while the channel
// already serves another. Writes are taken at the link's rate into a buffer that drains at what the
// media sustain. Left out: wear, garbage collection, reads that wait for programs of the same die.
#pragma once

#include "models/disk/drive.h"
#include "models/disk/write_buffer.h"
#include "models/recycled.h"
#include "models/wake_up.h"

namespace copypath {

class FlashDrive : public Drive {
public:
  FlashDrive(const sc_core::sc_module_name& name, const DiskConfig& config, const PcieLink& link,
             DiskQueues& queues, Media& media);

  /// The time that its channels have spent on reads, of which each takes an equal share.
  sc_time busy() const override { return busy_ / config().channels; }

protected:
  bool accepts() const override { return accesses_.size() < config().channels; }
  void begin(DiskCommand command) override;
  void reserve(Bytes bytes) override;
  void written(const DiskCommand&) override {}

private:
  struct Access {
    DiskCommand command;
    sc_time ready;  ///< when the media have delivered
  };

  void transfer();

  Fifo<Access> accesses_;  // one per busy channel, in the order in which they are ready
  WakeUp begun_;
  WriteBuffer buffer_;
  sc_time busy_;  // of all channels: media and interface, but not waiting for somebody else
};

}  // namespace copypath
