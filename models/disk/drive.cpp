#include "models/disk/drive.h"

#include <algorithm>

#include "models/disk/flash_drive.h"
#include "models/disk/hard_disk.h"

namespace copypath {

const DiskProtocol& DiskProtocol::of(DiskKind kind) {
  static const DiskProtocol kNvme{Bytes(64), Bytes(8), Bytes(16), Rate(0), 0};
  static const DiskProtocol kAhci{Bytes(32 + 64), Bytes(16), Bytes(8),
                                  Rate::bits(6e9) * (8.0 / 10) * (8192.0 / (8192 + 16)), 32};
  return kind == DiskKind::kNvme ? kNvme : kAhci;
}

unsigned DiskProtocol::entries(const DiskConfig& config) {
  // All slots of a command list can be in use; of a ring, one stays free.
  return config.queue_depth + (of(config.kind).tags == 0 ? 0 : 1);
}

std::unique_ptr<Drive> Drive::make(const sc_core::sc_module_name& name, const DiskConfig& config,
                                   const PcieLink& link, DiskQueues& queues, Media& media) {
  if (config.kind == DiskKind::kHdd) {
    return std::make_unique<HardDisk>(name, config, link, queues, media);
  }
  return std::make_unique<FlashDrive>(name, config, link, queues, media);
}

Drive::Drive(const sc_core::sc_module_name& name, const DiskConfig& config, const PcieLink& link,
             DiskQueues& queues, Media& media)
    : sc_module(name),
      config_(config),
      protocol_(DiskProtocol::of(config.kind)),
      link_(link),
      queues_(queues),
      media_(media) {
  registers.register_b_transport(this, &Drive::write_register);
  SC_HAS_PROCESS(Drive);
  SC_THREAD(fetch);
  SC_THREAD(write_back);
}

void Drive::write_register(tlm::tlm_generic_payload& payload, sc_time&) {
  if (payload.get_address() != kTailDoorbell || !payload.is_write()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const unsigned tail = *reinterpret_cast<const std::uint32_t*>(payload.get_data_ptr());
  const auto depth = static_cast<unsigned>(queues_.submission.size());
  outstanding_ += (tail + depth - tail_) % depth;
  tail_ = tail;
  look_again();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

/// Whether there is a command that the drive has a place for.
bool Drive::has_command() const {
  return head_ != tail_ && (protocol_.tags == 0 || in_drive_ < protocol_.tags) && accepts();
}

Bytes Drive::fetched_for(const DiskCommand& command) const {
  return protocol_.command + protocol_.list_entry * command.list_entries();
}

DiskCommand Drive::take_command() {
  DiskCommand command = std::move(queues_.submission[head_]);
  head_ = (head_ + 1) % static_cast<unsigned>(queues_.submission.size());
  ++in_drive_;
  return command;
}

/// Takes commands off the submission queue as long as the drive has a place for them.
void Drive::fetch() {
  for (;;) {
    while (!has_command()) look_.wait();
    DiskCommand command = take_command();
    const Bytes bytes = fetched_for(command);
    commands.control_ahead(Movement::kDiskCommand, bytes, link_.read(bytes));
    if (command.writes()) {
      take_write(command);
    } else {
      begin(std::move(command));
    }
  }
}

/// Reads of a flash drive need no process for that, if the bus has room; the arm of a hard disk has
/// to wait until the command is there.
void Drive::look_again() {
  if (config_.kind == DiskKind::kHdd) return look_.notify();
  while (look_.waiting() && has_command()) {
    const DiskCommand& command = queues_.submission[head_];
    const Bytes bytes = fetched_for(command);
    if (command.writes() ||
        !commands.try_control_ahead(Movement::kDiskCommand, bytes, link_.read(bytes))) {
      return look_.notify();
    }
    begin(take_command());
  }
}

Rate Drive::over_cable(Rate rate) const {
  return protocol_.cable == Rate(0) ? rate : std::min(rate, protocol_.cable);
}

void Drive::take_write(const DiskCommand& command) {
  reserve(size_of(command.pages));
  incoming_.clear();
  commands.dma_read(command.movement, command.pages, incoming_,
                    over_cable(link_.read(command.pages)));
  media_.write(command.file, command.offset, incoming_);
  written(command);
  complete(command, false, config_.write_latency);
}

void Drive::deliver(const DiskCommand& command, Rate limit, sc_time delay) {
  const Bytes bytes = size_of(command.pages);
  const bool readable = media_.readable(command.file, command.offset, bytes);
  if (readable) {
    transferring_ = true;
    content_.clear();
    media_.fetch(command.file, command.offset, bytes, content_);
    memory.dma_write(command.movement, content_, command.pages,
                     std::min(limit, over_cable(link_.write(command.pages))));
    transferring_ = false;
  }
  complete(command, !readable, delay);
}

void Drive::complete(const DiskCommand& command, bool failed, sc_time delay) {
  const sc_time at = time_now() + delay;
  const DiskCompletion completion{command.cookie, failed};
  if (delay == sc_core::SC_ZERO_TIME && finished_.empty() && finished_event_.waiting() &&
      completions.try_control_ahead(Movement::kDiskCompletion, protocol_.completion,
                                    link_.write(protocol_.completion))) {
    return completed(completion);
  }
  const auto later = std::find_if(finished_.begin(), finished_.end(),
                                  [&](const Finished& other) { return other.at > at; });
  finished_.insert(later, {at, completion});
  finished_event_.notify();
}

/// Writes completions back, one after the other.
void Drive::write_back() {
  for (;;) {
    while (finished_.empty()) finished_event_.wait();
    const sc_time now = time_now();
    if (finished_.front().at > now) {  // one that is due before may come
      finished_event_.wait(finished_.front().at - now);
      continue;
    }
    const DiskCompletion completion = finished_.front().completion;
    finished_.pop_front();
    completions.control_ahead(Movement::kDiskCompletion, protocol_.completion,
                              link_.write(protocol_.completion));
    completed(completion);
  }
}

/// The completion is in memory.
void Drive::completed(const DiskCompletion& completion) {
  --outstanding_;
  --in_drive_;
  look_again();
  queues_.completion.push_back(completion);
  if (queues_.interrupt_pending) return;
  queues_.interrupt_pending = true;
  irq->raise(completions.time() - time_now());
}

void Drive::trace(sc_core::sc_trace_file* file, const std::string& prefix) const {
  sc_core::sc_trace(file, outstanding_, prefix + ".outstanding", 16);
  sc_core::sc_trace(file, transferring_, prefix + ".dma");
}

}  // namespace copypath
