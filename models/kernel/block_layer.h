// The block layer and the drivers below it: finds out on which drives a request lies, splits it
// where the stripe ends (as md's RAID 0 does), puts commands into the submission queues, rings the
// doorbells, and on the completion interrupts tells the owner of each request when the last of its
// parts is done. Commands that find their queue full wait here, in order.
// Left out: merging, I/O schedulers, splitting at device limits.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "models/disk/drive.h"
#include "models/disk/layout.h"
#include "models/recycled.h"

namespace copypath {

/// A read or write that is under way, and what to do when it is finished.
struct BlockRequest {
  virtual ~BlockRequest() = default;
  /// All of it is done. Runs in interrupt context: must not wait.
  virtual void finished() = 0;

  bool failed = false;  ///< some of it could not be read (BLK_STS_MEDIUM); stays set
};

/// The parts of one request that are under way (struct bio).
struct Bio {
  BlockRequest* request = nullptr;
  unsigned parts = 0;
};

/// The driver of one drive.
class DiskDriver : public sc_core::sc_module, public InterruptHandler {
public:
  tlm_utils::simple_initiator_socket<DiskDriver> registers{"registers"};

  DiskDriver(const sc_core::sc_module_name& name, DiskQueues& queues,
             std::function<void(Bio&, bool failed)> done);

  /// Sends a command, or keeps it until there is room; its cookie is a Bio.
  void submit(DiskCommand command);
  void handle(Core& core) override;

  /// Commands that have found the queue full.
  std::uint64_t waits() const { return waits_; }

private:
  bool queue_full() const;
  void put(DiskCommand command);
  void ring_doorbell();

  DiskQueues& queues_;
  std::function<void(Bio&, bool)> done_;
  tlm::tlm_generic_payload doorbell_;  // writes the tail
  Fifo<DiskCommand> waiting_;          // for room in the submission queue
  std::uint32_t tail_ = 0;
  unsigned in_flight_ = 0;
  std::uint64_t waits_ = 0;
};

class BlockLayer : public sc_core::sc_module {
public:
  std::vector<std::unique_ptr<DiskDriver>> drivers;  ///< one per drive

  BlockLayer(const sc_core::sc_module_name& name, const Layout& layout,
             std::deque<DiskQueues>& disks);

  /// Reads into `pages` of the page cache (or, as `movement` says, of the caller's buffer);
  /// `request.finished()` is called when they are filled, or when that has failed.
  void read(std::uint32_t file, std::uint64_t offset, SegmentList pages, BlockRequest& request,
            Movement movement = Movement::kDiskRead);
  /// Writes `pages` of the page cache to the file; the drive has them when the request is finished.
  void write(std::uint32_t file, std::uint64_t offset, SegmentList pages, BlockRequest& request) {
    read(file, offset, std::move(pages), request, Movement::kDiskWrite);
  }

  /// Commands that have found the submission queue full, and have waited here.
  std::uint64_t queue_full_waits() const;
  /// Parts of requests that the drives could not read.
  std::uint64_t errors() const { return errors_; }

private:
  void done(Bio& bio, bool failed);

  Layout layout_;
  std::vector<std::unique_ptr<Bio>> bios_;
  std::vector<Bio*> free_;
  std::uint64_t errors_ = 0;
};

}  // namespace copypath
