#include "models/kernel/tcp_socket.h"

#include <algorithm>

#include "models/kernel/page_cache.h"

namespace copypath {

namespace {

/// The largest packet handed to a device that segments (GSO_LEGACY_MAX_SIZE), and what is kept free
/// in it for headers (MAX_TCP_HEADER).
constexpr Bytes kLargestPacket{65536};
constexpr Bytes kHeaderRoom{320};

/// tcp_xmit_size_goal(): as many full segments as fit.
Bytes size_goal(Bytes mss) {
  const Bytes room = kLargestPacket - Bytes(1) - kHeaderRoom;
  return mss * std::max<std::uint64_t>(1, room / mss);
}

/// Bytes [offset, offset + bytes) of a list.
SegmentList slice(const SegmentList& list, Bytes offset, Bytes bytes) {
  SegmentList result;
  for (const Segment& segment : list) {
    if (offset >= Bytes(segment.bytes)) {
      offset -= Bytes(segment.bytes);
      continue;
    }
    const Bytes n = std::min(bytes, Bytes(segment.bytes) - offset);
    if (n == Bytes(0)) break;
    result.push_back({segment.address + offset.count(), static_cast<std::uint32_t>(n.count())});
    bytes -= n;
    offset = Bytes(0);
  }
  return result;
}

}  // namespace

class TcpSocket::Lock {
public:
  explicit Lock(TcpSocket& socket) : socket_(socket) { socket_.locked_ = true; }
  ~Lock() { socket_.locked_ = false; }
  void release() { socket_.locked_ = false; }
  void take() { socket_.locked_ = true; }

private:
  TcpSocket& socket_;
};

TcpSocket::TcpSocket(std::uint32_t connection, const SocketConfig& config, Bytes mtu,
                     NetDevice& device, SkbAllocator& allocator, PageCache& page_cache)
    : connection_(connection),
      config_(config),
      goal_(size_goal(segment_size(mtu))),
      device_(device),
      allocator_(allocator),
      page_cache_(page_cache) {
  device_.add(*this);
}

void TcpSocket::send(Task& task, const SegmentList& from, Movement copy) {
  Lock lock(*this);
  const Bytes total = size_of(from);
  Bytes done;
  SegmentList to;
  while (done < total) {
    // As much as goes into one packet is copied at once, if the send buffer has room for it.
    to.clear();
    Bytes planned;
    do {
      Skb& skb = skb_with_room(task, lock);
      const Bytes wanted = std::min(total - done - planned, goal_ - skb.bytes);
      const Segment piece = allocator_.append_memory(skb, cursor_, wanted);
      append(to, piece);
      planned += Bytes(piece.bytes);
      queued_ += Bytes(piece.bytes);
      next_sequence_ += piece.bytes;
    } while (done + planned < total && planned < goal_ && has_room());
    task.copy(copy, slice(from, done, planned), to, task.cpu().config().copy_rate);
    done += planned;
    push(task, false);
  }
}

void TcpSocket::send_pages(Task& task, const SegmentList& pages, bool more) {
  Lock lock(*this);
  for (Segment page : pages) {
    while (page.bytes > 0) {
      Skb& skb = skb_with_room(task, lock);
      const auto n = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(page.bytes, (goal_ - skb.bytes).count()));
      if (n < page.bytes) page_cache_.hold_page(page);  // the rest goes into another skb
      allocator_.append_page(skb, {page.address, n});
      page.address += n;
      page.bytes -= n;
      queued_ += Bytes(n);
      next_sequence_ += n;
    }
  }
  push(task, more);
}

/// Whether more payload can be appended without waiting.
bool TcpSocket::has_room() const {
  return (!unsent_.empty() && !unsent_.back()->full(goal_)) || queued_ < config_.send_buffer;
}

Skb& TcpSocket::skb_with_room(Task& task, Lock& lock) {
  if (!unsent_.empty() && !unsent_.back()->full(goal_)) return *unsent_.back();
  if (queued_ >= config_.send_buffer) {  // sk_stream_wait_memory()
    push(task, true);
    lock.release();
    task.wait_until(writers_, [&] { return queued_ < config_.send_buffer; });
    lock.take();
  }
  task.spend(task.cpu().config().skb);
  unsent_.push_back(allocator_.allocate(*this, next_sequence_));
  return *unsent_.back();
}

void TcpSocket::push(Task& task, bool more) {
  task.settle();
  more_ = more;
  push_unsent();
}

// tcp_write_xmit()
void TcpSocket::push_unsent() {
  while (!unsent_.empty()) {
    Skb& skb = *unsent_.front();
    if (!skb.full(goal_) && (more_ || in_device_ > 0)) return;  // tcp_should_autocork()
    if (in_flight_bytes_ > Bytes(0) && in_flight_bytes_ + skb.bytes > config_.window) return;
    unsent_.pop_front();
    in_flight_.push_back(&skb);
    in_flight_bytes_ += skb.bytes;
    skb.in_device = true;
    ++in_device_;
    device_.transmit(skb);
  }
}

void TcpSocket::take_completion(Skb& skb) {
  skb.in_device = false;
  --in_device_;
  release_if_done(skb);
  if (!locked_) push_unsent();
}

void TcpSocket::take_acknowledgement(std::uint64_t sequence) {
  while (!in_flight_.empty()) {
    Skb& skb = *in_flight_.front();
    if (skb.sequence + skb.bytes.count() > sequence) break;
    in_flight_.pop_front();
    in_flight_bytes_ -= skb.bytes;
    queued_ -= skb.bytes;
    skb.acknowledged = true;
    release_if_done(skb);
  }
  if (!locked_) push_unsent();
  // sk_stream_write_space(): wakes writers when a third of the buffer is free.
  if (config_.send_buffer - std::min(queued_, config_.send_buffer) >= Bytes(queued_.count() / 2)) {
    writers_.wake_all();
  }
}

void TcpSocket::release_if_done(Skb& skb) {
  if (skb.acknowledged && !skb.in_device) allocator_.free(&skb);
}

void TcpSocket::receive_request(Task& task) {
  task.wait_until(readers_, [&] { return requests_ > 0; });
  --requests_;
}

void TcpSocket::take_request() {
  ++requests_;
  readers_.wake_all();
}

void TcpSocket::trace(sc_core::sc_trace_file* file) const {
  const std::string prefix = "socket" + std::to_string(connection_);
  sc_trace(file, queued_, prefix + ".send_buffer_bytes");
  sc_trace(file, in_flight_bytes_, prefix + ".unacknowledged_bytes");
}

}  // namespace copypath
