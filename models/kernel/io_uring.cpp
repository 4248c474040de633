#include "models/kernel/io_uring.h"

#include <algorithm>
#include <utility>

namespace copypath {

void IoUring::register_buffers(Task& task, std::vector<std::uint64_t> addresses, Bytes bytes) {
  for (const std::uint64_t address : addresses) pin_user_pages(task, address, bytes);
  buffers_ = std::move(addresses);
}

Bytes IoUring::prepare_read(OpenFile& file, unsigned buffer, Bytes wanted) {
  const Bytes bytes = std::min(wanted, file.left());
  reads_.push_back({file.number, file.position, buffers_.at(buffer), bytes});
  file.position += bytes;
  return bytes;
}

void IoUring::prepare_send(unsigned buffer, Bytes bytes) {
  sends_.push_back({0, Bytes(0), buffers_.at(buffer), bytes});
}

std::size_t IoUring::submit_and_wait(Task& task) {
  // Whatever finishes early is posted by the task itself, when it comes to wait (task_work).
  const std::uint64_t cqes = reads_.size() + 2 * sends_.size();
  outstanding_ += static_cast<unsigned>(cqes);
  while (read_states_.size() < reads_.size()) read_states_.push_back(std::make_unique<Read>(*this));
  // A send that finds the send buffer full is tried again when there is room. Nothing waits for it
  // but the sends that are linked to it, so the reads are under way before.
  const bool waits_for_disk = !reads_.empty();
  if (waits_for_disk) task.spend(task.costs().disk_wait);  // one doorbell for all of them
  for (std::size_t i = 0; i < reads_.size(); ++i) issue(task, reads_[i], *read_states_[i]);
  for (const Request& send : sends_) issue(task, send);
  const auto reads = static_cast<std::ptrdiff_t>(reads_.size());
  reads_.clear();
  sends_.clear();
  task.wait_until(waiters_, [&] { return outstanding_ == 0; });
  if (waits_for_disk) task.core().cool();
  task.spend(task.costs().uring_completion * static_cast<double>(cqes));
  const auto first = read_states_.begin();
  const auto failed =
      std::find_if(first, first + reads, [](const auto& read) { return read->failed; });
  return static_cast<std::size_t>(failed - first);
}

void IoUring::issue(Task& task, const Request& read, Read& state) {
  task.spend(task.costs().uring_request);
  state.failed = false;
  state.pending =
      submit_direct_read(task, block_, read.file, read.position,
                         {{read.buffer, static_cast<std::uint32_t>(read.bytes.count())}}, state,
                         Movement::kDiskReadDirect);
}

void IoUring::issue(Task& task, const Request& send) {
  task.spend(task.costs().uring_request + task.costs().send_call);
  if (free_.empty()) {
    notifications_.push_back(std::make_unique<Notification>(*this));
    free_.push_back(notifications_.back().get());
  }
  Notification& notification = *free_.back();
  free_.pop_back();
  notification.start();
  socket_.send_pages(task, user_pages(send.buffer, send.bytes), false, &notification);
  post();  // the result, F_MORE
  notification.put();
}

void IoUring::finish(Read& read) {
  if (--read.pending == 0) post();
}

void IoUring::finish(Notification& notification) {
  ++completed_;
  if (notification.copied()) ++copied_;
  free_.push_back(&notification);
  post();  // F_NOTIF
}

void IoUring::post() {
  ++posted_;
  if (--outstanding_ == 0) waiters_.wake_all();
}

}  // namespace copypath
