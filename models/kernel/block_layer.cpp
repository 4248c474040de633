#include "models/kernel/block_layer.h"

#include <algorithm>
#include <utility>

namespace copypath {

DiskDriver::DiskDriver(const sc_core::sc_module_name& name, DiskQueues& queues,
                       std::function<void(Bio&, bool failed)> done)
    : sc_module(name), queues_(queues), done_(std::move(done)) {
  doorbell_.set_command(tlm::TLM_WRITE_COMMAND);
  doorbell_.set_address(Drive::kTailDoorbell);
  doorbell_.set_data_ptr(reinterpret_cast<unsigned char*>(&tail_));
  doorbell_.set_data_length(sizeof tail_);
  doorbell_.set_streaming_width(sizeof tail_);
}

void DiskDriver::submit(DiskCommand command) {
  if (queue_full()) {
    ++waits_;
    waiting_.push_back(std::move(command));
    return;
  }
  put(std::move(command));
  ring_doorbell();
}

// One entry stays empty, so that a full queue differs from an empty one (NVMe base specification).
bool DiskDriver::queue_full() const { return in_flight_ + 1 >= queues_.submission.size(); }

void DiskDriver::put(DiskCommand command) {
  queues_.submission[tail_] = std::move(command);
  tail_ = (tail_ + 1) % static_cast<std::uint32_t>(queues_.submission.size());
  ++in_flight_;
}

void DiskDriver::ring_doorbell() {
  sc_time delay;
  registers->b_transport(doorbell_, delay);
}

void DiskDriver::handle(Core&) {
  queues_.interrupt_pending = false;
  bool submitted = false;
  while (!queues_.completion.empty()) {
    const DiskCompletion completion = queues_.completion.front();
    queues_.completion.pop_front();
    --in_flight_;
    if (!waiting_.empty()) {
      put(std::move(waiting_.front()));
      waiting_.pop_front();
      submitted = true;
    }
    done_(*static_cast<Bio*>(completion.cookie), completion.failed);
  }
  if (submitted) ring_doorbell();
}

BlockLayer::BlockLayer(const sc_core::sc_module_name& name, const Layout& layout,
                       std::deque<DiskQueues>& disks)
    : sc_module(name), layout_(layout) {
  for (DiskQueues& queues : disks) {
    drivers.push_back(
        std::make_unique<DiskDriver>(("driver" + std::to_string(drivers.size())).c_str(), queues,
                                     [this](Bio& bio, bool failed) { done(bio, failed); }));
  }
}

void BlockLayer::read(std::uint32_t file, std::uint64_t offset, SegmentList pages,
                      BlockRequest& request, Movement movement) {
  if (free_.empty()) {
    bios_.push_back(std::make_unique<Bio>());
    free_.push_back(bios_.back().get());
  }
  Bio& bio = *free_.back();
  free_.pop_back();
  bio = {&request, 1};  // until everything has been submitted
  const Bytes bytes = size_of(pages);
  const auto submit = [&](const Layout::Place& place, Bytes at, SegmentList part) {
    ++bio.parts;
    drivers[place.drive]->submit(
        {file, offset + at.count(), std::move(part), &bio, movement, place.position});
  };
  const Layout::Place first = layout_.place(file, offset);
  if (bytes <= first.room) {  // as a rule: one drive has all of it
    submit(first, Bytes(0), std::move(pages));
  } else {
    for (Bytes at; at < bytes;) {
      const Layout::Place place = layout_.place(file, offset + at.count());
      const Bytes part = std::min(bytes - at, place.room);
      submit(place, at, slice(pages, at, part));
      at += part;
    }
  }
  done(bio, false);
}

void BlockLayer::done(Bio& bio, bool failed) {
  if (failed) {
    ++errors_;
    bio.request->failed = true;
  }
  if (--bio.parts > 0) return;
  BlockRequest& request = *bio.request;
  free_.push_back(&bio);
  request.finished();
}

std::uint64_t BlockLayer::queue_full_waits() const {
  std::uint64_t total = 0;
  for (const auto& driver : drivers) total += driver->waits();
  return total;
}

}  // namespace copypath
