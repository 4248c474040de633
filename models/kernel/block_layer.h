// The block layer and the NVMe driver below it: puts read requests into the submission queue, rings
// the doorbell, and on the completion interrupt tells the owner of each request. Requests that
// find the queue full wait here. Left out: merging, I/O schedulers, splitting at device limits.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <deque>

#include "models/disk/nvme.h"

namespace copypath {

/// A read that is under way, and what to do when it is finished.
struct BlockRequest {
  virtual ~BlockRequest() = default;
  /// The pages have been filled. Runs in interrupt context: must not wait.
  virtual void finished() = 0;
};

class BlockLayer : public sc_core::sc_module, public InterruptHandler {
public:
  tlm_utils::simple_initiator_socket<BlockLayer> registers{"registers"};

  BlockLayer(const sc_core::sc_module_name& name, DiskQueues& queues)
      : sc_module(name), queues_(queues) {}

  /// Reads into `pages` of the page cache (or, as `movement` says, of the caller's buffer);
  /// `request.finished()` is called when they are filled.
  void read(std::uint32_t file, std::uint64_t offset, SegmentList pages, BlockRequest& request,
            Movement movement = Movement::kDiskRead);

  void handle(Core& core) override;

private:
  bool queue_full() const;
  void submit(DiskCommand command);
  void ring_doorbell();

  DiskQueues& queues_;
  std::deque<DiskCommand> waiting_;  // for room in the submission queue
  std::uint32_t tail_ = 0;
  unsigned in_flight_ = 0;
};

}  // namespace copypath
