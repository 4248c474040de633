#include "models/disk/flash_drive.h"

namespace copypath {

FlashDrive::FlashDrive(const sc_core::sc_module_name& name, const DiskConfig& config,
                       const PcieLink& link, DiskQueues& queues, Media& media)
    : Drive(name, config, link, queues, media),
      buffer_(config.write_buffer, config.write_bandwidth) {
  SC_HAS_PROCESS(FlashDrive);
  SC_THREAD(transfer);
}

void FlashDrive::begin(DiskCommand command) {
  accesses_.push_back({std::move(command), commands.time() + config().latency});
  begun_.notify();
}

/// Moves what the media deliver, one command after the other.
void FlashDrive::transfer() {
  for (;;) {
    while (accesses_.empty()) begun_.wait();
    const Access& access = accesses_.front();
    if (access.ready > time_now()) wait(access.ready - time_now());
    deliver(access.command, config().bandwidth, config().firmware);
    busy_ += config().latency + size_of(access.command.pages) / config().bandwidth;
    accesses_.pop_front();
    look_again();
  }
}

void FlashDrive::reserve(Bytes bytes) {
  const sc_time room = buffer_.take(bytes, commands.time());
  if (room > commands.time()) wait(room - time_now());
}

}  // namespace copypath
