#include "models/disk/nvme.h"

#include <algorithm>

namespace copypath {

Nvme::Nvme(const sc_core::sc_module_name& name, const DiskConfig& config, const PcieLink& link,
           DiskQueues& queues, Media& media)
    : sc_module(name), config_(config), link_(link), queues_(queues), media_(media) {
  registers.register_b_transport(this, &Nvme::write_register);
  SC_HAS_PROCESS(Nvme);
  SC_THREAD(fetch);
  SC_THREAD(transfer);
}

void Nvme::write_register(tlm::tlm_generic_payload& payload, sc_time&) {
  if (payload.get_address() != kTailDoorbell || !payload.is_write()) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  const unsigned tail = *reinterpret_cast<const std::uint32_t*>(payload.get_data_ptr());
  const auto depth = static_cast<unsigned>(queues_.submission.size());
  outstanding_ += (tail + depth - tail_) % depth;
  tail_ = tail;
  doorbell_.notify();
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

/// Takes commands off the submission queue as long as a channel is free for them.
void Nvme::fetch() {
  for (;;) {
    while (head_ == tail_ || accesses_.size() == config_.channels) wait(doorbell_ | channel_free_);
    Access access{std::move(queues_.submission[head_]), {}};
    head_ = (head_ + 1) % static_cast<unsigned>(queues_.submission.size());
    const Bytes bytes = kCommandSize + kListEntrySize * access.command.pages.size();
    commands.control(Movement::kDiskCommand, bytes, link_.read(bytes));
    access.ready = sc_core::sc_time_stamp() + config_.latency;
    accesses_.push_back(std::move(access));
    fetched_.notify();
  }
}

/// Moves what the media deliver, one command after the other.
void Nvme::transfer() {
  for (;;) {
    while (accesses_.empty()) wait(fetched_);
    const Access& access = accesses_.front();
    if (access.ready > sc_core::sc_time_stamp()) wait(access.ready - sc_core::sc_time_stamp());
    move_data(access.command);
    complete(access.command);
    accesses_.pop_front();
    channel_free_.notify();
  }
}

void Nvme::move_data(const DiskCommand& command) {
  transferring_ = true;
  content_.clear();
  media_.read(command.file, command.offset, size_of(command.pages), content_);
  memory.dma_write(command.movement, content_, command.pages,
                   std::min(config_.bandwidth, link_.write(command.pages)));
  memory.control(Movement::kDiskCompletion, kCompletionSize, link_.write(kCompletionSize));
  transferring_ = false;
}

void Nvme::complete(const DiskCommand& command) {
  --outstanding_;
  queues_.completion.push_back(command.cookie);
  if (!queues_.interrupt_pending) {
    queues_.interrupt_pending = true;
    irq->raise();
  }
}

void Nvme::trace(sc_core::sc_trace_file* file) const {
  sc_core::sc_trace(file, outstanding_, "disk.outstanding", 16);
  sc_core::sc_trace(file, transferring_, "disk.dma");
}

}  // namespace copypath
