#include "models/kernel/zerocopy.h"

#include <algorithm>

#include "models/cpu/cpu.h"
#include "models/kernel/tcp_socket.h"

namespace copypath {

namespace {

/// The calls that one notification can stand for (USHRT_MAX - 1).
constexpr std::uint32_t kMostSends = 65534;
/// What allocating a notification needs at least (SKB_TRUESIZE(0)).
constexpr Bytes kLeastSize{576};

}  // namespace

void Zerocopy::Notification::start(std::uint32_t number, Bytes size) {
  restart();
  first = number;
  sends = 1;
  bytes = size;
}

// msg_zerocopy_realloc()
UbufInfo* Zerocopy::begin(Task& task, Bytes bytes, UbufInfo* tail) {
  if (auto* last = dynamic_cast<Notification*>(tail); last != nullptr && extend(*last, bytes)) {
    return last;
  }
  if (charged_ + kLeastSize > optmem_) {
    ++refused_;
    return nullptr;
  }
  charged_ += kNotificationSize;
  task.spend(task.costs().zerocopy_notify);
  if (free_.empty()) {
    notifications_.push_back(std::make_unique<Notification>(*this));
    free_.push_back(notifications_.back().get());
  }
  Notification* notification = free_.back();
  free_.pop_back();
  notification->start(next_++, bytes);
  return notification;
}

bool Zerocopy::extend(Notification& notification, Bytes bytes) {
  if (notification.sends == kMostSends || notification.bytes + bytes > kLargestNotification ||
      notification.first + notification.sends != next_) {
    return false;
  }
  ++notification.sends;
  notification.bytes += bytes;
  ++next_;
  notification.hold();
  return true;
}

// __msg_zerocopy_callback()
void Zerocopy::complete(Notification& notification) {
  completed_ += notification.sends;
  if (notification.copied()) copied_ += notification.sends;
  // skb_zerocopy_notify_extend()
  if (!error_queue_.empty() && error_queue_.back().last + 1 == notification.first) {
    error_queue_.back().last += notification.sends;
    charged_ -= kNotificationSize;
  } else {
    error_queue_.push_back(
        {notification.first, notification.first + notification.sends - 1, notification.copied()});
  }
  free_.push_back(&notification);
  readers_.wake_all();
}

void Zerocopy::wait(Task& task) {
  task.wait_until(readers_, [&] { return !error_queue_.empty(); });
}

ZerocopyCompletion Zerocopy::read() {
  const ZerocopyCompletion completion = error_queue_.front();
  error_queue_.pop_front();
  charged_ -= kNotificationSize;
  return completion;
}

ZerocopySend::ZerocopySend(TcpSocket& socket, Task& task, Bytes bytes)
    : socket_(socket), task_(task), notification_(socket.begin_zerocopy(task, bytes)) {}

ZerocopySend::~ZerocopySend() {
  if (notification_ != nullptr) notification_->put();
}

void ZerocopySend::append(const FragmentList& pages, bool more) {
  if (!socket_.copies_for_device()) {
    task_.spend(task_.costs().pin_page * static_cast<double>(count_of(pages)));
  }
  socket_.send_pages(task_, pages, more, notification_);
}

FragmentList user_pages(std::uint64_t address, Bytes bytes) {
  FragmentList pages;
  const std::uint64_t end = address + bytes.count();
  while (address < end) {
    const std::uint64_t next = std::min(end, address_of(frame_of(address) + 1));
    const Segment page{address, static_cast<std::uint32_t>(next - address)};
    pages.push_back({page, Place::kUserBuffer});
    address = next;
  }
  return pages;
}

FragmentList pin_user_pages(Task& task, std::uint64_t address, Bytes bytes) {
  FragmentList pages = user_pages(address, bytes);
  const sc_time page = task.costs().pin_page + task.costs().splice_page;
  task.spend(page * static_cast<double>(pages.size()));
  return pages;
}

// skb_copy_ubufs(): into single pages
void orphan_fragments(Skb& skb, SkbAllocator& skbs, Execution& by) {
  if (skb.ubuf == nullptr) return;
  by.spend(by.costs().page_alloc * static_cast<double>(units_covering(skb.bytes, kPageSize)));
  skbs.copy_fragments(skb, by, orphan);
  skb.ubuf->mark_copied();
}

}  // namespace copypath
