#include "models/disk/hard_disk.h"

#include <utility>

namespace copypath {

namespace {
/// What limits the transfer is the way to memory, not the drive.
constexpr Rate kAnyRate{1e15};
}  // namespace

HardDisk::HardDisk(const sc_core::sc_module_name& name, const DiskConfig& config,
                   const PcieLink& link, DiskQueues& queues, Media& media)
    : Drive(name, config, link, queues, media), platter_(config) {
  SC_HAS_PROCESS(HardDisk);
  SC_THREAD(move_arm);
  SC_THREAD(deliver_reads);
}

void HardDisk::begin(DiskCommand command) {
  if (commands.time() > sc_core::sc_time_stamp()) wait(commands.time() - sc_core::sc_time_stamp());
  waiting_.push_back(std::move(command));
  arrived_.notify();
}

void HardDisk::reserve(Bytes bytes) {
  while (buffered_ > Bytes(0) && buffered_ + bytes > config().write_buffer) wait(drained_);
  buffered_ += bytes;
}

void HardDisk::written(const DiskCommand& command) {
  waiting_.push_back(command);
  arrived_.notify();
}

void HardDisk::move_arm() {
  for (;;) {
    while (waiting_.empty()) wait(arrived_);
    const std::size_t next = next_command(waiting_, platter_.position(), config().order);
    DiskCommand command = std::move(waiting_[next]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(next));
    const sc_time now = sc_core::sc_time_stamp();
    const Bytes bytes = size_of(command.pages);
    const sc_time done = command.writes() ? platter_.write(command.position, bytes, now)
                                          : platter_.read(command.position, bytes, now);
    if (done > now) wait(done - now);
    busy_ += done - now;
    if (command.writes()) {
      buffered_ -= bytes;
      drained_.notify();
    } else {
      read_.push_back(std::move(command));
      read_event_.notify();
    }
  }
}

void HardDisk::deliver_reads() {
  for (;;) {
    while (read_.empty()) wait(read_event_);
    deliver(read_.front(), kAnyRate, config().firmware);
    read_.pop_front();
  }
}

}  // namespace copypath
