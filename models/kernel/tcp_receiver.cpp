#include "models/kernel/tcp_receiver.h"

#include <algorithm>
#include <stdexcept>

namespace copypath {

namespace {

constexpr std::size_t kAny = ~std::size_t{0};

SegmentList segments_of(const FragmentList& list) {
  SegmentList segments;
  for (const Fragment& fragment : list) append(segments, fragment.segment);
  return segments;
}

}  // namespace

TcpReceiver::TcpReceiver(std::uint32_t connection, NetDevice& device, SkbAllocator& allocator)
    : connection_(connection), device_(device), allocator_(allocator) {
  device_.add(*this);
}

void TcpReceiver::send_request(Task& task) {
  task.spend(task.costs().skb);
  task.settle();
  device_.request(packet(Packet::Kind::kRequest, requests_++), task);
}

Packet TcpReceiver::packet(Packet::Kind kind, std::uint64_t sequence) const {
  Packet packet;
  packet.kind = kind;
  packet.connection = connection_;
  packet.sequence = sequence;
  packet.counterpart =
      kind == Packet::Kind::kRequest ? received_ : requests_ * kRequestText.count();
  packet.timestamp = device_.timestamp();
  packet.echo = echo_;
  return packet;
}

// tcp_queue_rcv(), and sk_data_ready()
void TcpReceiver::receive(std::uint64_t sequence, const Fragment* fragments, std::size_t count) {
  if (closed_) return;
  if (sequence != received_) throw std::logic_error("a packet is out of order");
  for (std::size_t i = 0; i < count; ++i) {
    allocator_.hold(fragments[i]);
    queue_.push_back(fragments[i]);
    received_ += fragments[i].segment.bytes;
  }
  ends_.push_back(received_);
  queued_ += Bytes(received_ - sequence);
  readers_.wake_all();
}

void TcpReceiver::close() {
  closed_ = true;
  for (const Fragment& fragment : queue_) allocator_.put(fragment);
  queue_.clear();
  queued_ = Bytes(0);
}

void TcpReceiver::wait_for_data(Task& task) {
  task.wait_until(readers_, [&] { return !queue_.empty(); });
}

/// At most `wanted` bytes in at most `most` pieces, out of the queue.
FragmentList TcpReceiver::take(Bytes wanted, std::size_t most) {
  FragmentList taken;
  while (wanted > Bytes(0) && !queue_.empty() && taken.size() < most) {
    Fragment& next = queue_.front();
    Fragment piece = next;
    if (wanted < Bytes(next.segment.bytes)) {
      piece.segment.bytes = static_cast<std::uint32_t>(wanted.count());
      next.segment.address += piece.segment.bytes;
      next.segment.bytes -= piece.segment.bytes;
      // The rest stays. What both have in common is held once more: kernel memory as a whole, of a
      // folio the page in which the cut is.
      const bool within_page = next.segment.address % kPageSize.count() != 0;
      if (piece.pages != nullptr || within_page) {
        allocator_.hold({{next.segment.address, 1}, piece.place, piece.pages});
      }
    } else {
      queue_.pop_front();
    }
    wanted -= Bytes(piece.segment.bytes);
    taken.push_back(piece);
  }
  queued_ -= size_of(taken);
  taken_ += size_of(taken).count();
  return taken;
}

void TcpReceiver::put(const FragmentList& taken) {
  for (const Fragment& fragment : taken) allocator_.put(fragment);
}

Bytes TcpReceiver::recv(Task& task, std::uint64_t buffer, Bytes wanted) {
  wait_for_data(task);
  Bytes done;
  while (done < wanted && !queue_.empty()) {  // with what comes during the copy
    const FragmentList taken = take(wanted - done, kAny);
    SegmentList from;
    for (std::size_t i = 0; i < taken.size(); ++i) {  // fragments of one kind are copied at once
      append(from, taken[i].segment);
      if (i + 1 < taken.size() && taken[i + 1].place == taken[i].place) continue;
      const Bytes bytes = size_of(from);
      task.copy(device_.loops_back() ? copy_to_receiver(taken[i].place) : Movement::kCopyFromSocket,
                from, {{buffer + done.count(), static_cast<std::uint32_t>(bytes.count())}},
                task.costs().copy_rate);
      done += bytes;
      from.clear();
    }
    put(taken);
  }
  acknowledge(task);
  return done;
}

Bytes TcpReceiver::discard(Task& task, Bytes wanted,
                           const std::function<void(const SegmentList&)>& look) {
  wait_for_data(task);
  const FragmentList taken = take(wanted, kAny);
  look(segments_of(taken));
  put(taken);
  acknowledge(task);
  return size_of(taken);
}

FragmentList TcpReceiver::splice_read(Task& task, Bytes wanted, std::size_t buffers) {
  wait_for_data(task);
  FragmentList taken = take(wanted, buffers);
  acknowledge(task);
  return taken;
}

// tcp_cleanup_rbuf(): for all packets of which nothing is left.
void TcpReceiver::acknowledge(Task& task) {
  std::uint64_t sequence = 0;
  for (; !ends_.empty() && ends_.front() <= taken_; ends_.pop_front()) sequence = ends_.front();
  if (sequence == 0) return;
  task.spend(task.costs().skb);
  device_.acknowledge(packet(Packet::Kind::kAcknowledgement, sequence), task);
}

void TcpReceiver::trace(sc_core::sc_trace_file* file, const std::string& prefix) const {
  sc_trace(file, queued_, prefix + ".receive_queue_bytes");
}

}  // namespace copypath
