// A hard disk behind SATA: one arm that serves one command after the other, up to 32 of which wait
// in the drive (NCQ), in an order that spares the arm. What the platter and the arm take is in
// platter.h. After a read the head reads on into the drive's buffer, so a sequential reader gets
// the rate at which sectors pass. Writes are acknowledged when they are in the write buffer; the
// arm brings them to the platter in the same order as it serves reads. Left out: reads that hit
// what is in the write buffer (the arm fetches them), several streams read ahead at once, recovery
// of bad sectors.
#pragma once

#include "models/disk/command_order.h"
#include "models/disk/drive.h"
#include "models/disk/platter.h"
#include "models/recycled.h"

namespace copypath {

class HardDisk : public Drive {
public:
  HardDisk(const sc_core::sc_module_name& name, const DiskConfig& config, const PcieLink& link,
           DiskQueues& queues, Media& media);

  /// How long the arm was seeking, waiting for a sector, or transferring.
  sc_time busy() const override { return busy_; }

protected:
  bool accepts() const override { return true; }  // as many as there are tags
  void begin(DiskCommand command) override;
  void reserve(Bytes bytes) override;
  void written(const DiskCommand& command) override;

private:
  void move_arm();
  void deliver_reads();

  Platter platter_;
  std::vector<DiskCommand> waiting_;  // for the arm; writes that have been acknowledged, too
  sc_core::sc_event arrived_;
  Fifo<DiskCommand> read_;  // in the drive's buffer, on their way to memory
  sc_core::sc_event read_event_;
  Bytes buffered_;  // of writes
  sc_core::sc_event drained_;
  sc_time busy_;
};

}  // namespace copypath
