#include "models/kernel/block_layer.h"

#include <utility>

namespace copypath {

void BlockLayer::read(std::uint32_t file, std::uint64_t offset, SegmentList pages,
                      BlockRequest& request, Movement movement) {
  DiskCommand command{file, offset, std::move(pages), &request, movement};
  if (queue_full()) {
    waiting_.push_back(std::move(command));
    return;
  }
  submit(std::move(command));
  ring_doorbell();
}

// One entry stays empty, so that a full queue differs from an empty one (NVMe base specification).
bool BlockLayer::queue_full() const { return in_flight_ + 1 >= queues_.submission.size(); }

void BlockLayer::submit(DiskCommand command) {
  queues_.submission[tail_] = std::move(command);
  tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.submission.size());
  ++in_flight_;
}

void BlockLayer::ring_doorbell() {
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(Nvme::kTailDoorbell);
  payload.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
  payload.set_data_length(sizeof tail_);
  payload.set_streaming_width(sizeof tail_);
  sc_time delay;
  registers->b_transport(payload, delay);
}

void BlockLayer::handle(Core&) {
  queues_.interrupt_pending = false;
  bool submitted = false;
  while (!queues_.completion.empty()) {
    auto* request = static_cast<BlockRequest*>(queues_.completion.front());
    queues_.completion.pop_front();
    --in_flight_;
    if (!waiting_.empty()) {
      submit(std::move(waiting_.front()));
      waiting_.pop_front();
      submitted = true;
    }
    request->finished();
  }
  if (submitted) ring_doorbell();
}

}  // namespace copypath
