#include "models/kernel/tcp_receiver.h"

#include <algorithm>
#include <utility>
#include <vector>

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
    : connection_(connection),
      device_(device),
      allocator_(allocator),
      offered_(device.receive_buffer().count()) {
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
  packet.offers = Bytes(offered_ - std::min(offered_, sequence));
  if (kind != Packet::Kind::kAcknowledgement || out_of_order_.empty()) return packet;
  std::vector<Sack::Block> parts;
  for (const auto& [begin, fragment] : out_of_order_) {
    parts.push_back({begin, begin + fragment.segment.bytes});
  }
  packet.sack = Sack::of(parts, recent_);
  return packet;
}

// tcp_queue_rcv(), and sk_data_ready()
void TcpReceiver::receive(std::uint64_t sequence, const Fragment* fragments, std::size_t count) {
  if (closed_) return;
  urgent_ = losses_ || sequence != received_;
  const std::uint64_t before = received_;
  if (sequence > received_) Sack::note(recent_, sequence);
  for (std::size_t i = 0; i < count; ++i) {
    for_each_fragment(fragments[i], [&](const Segment& segment) {
      Fragment fragment = fragments[i];
      fragment.segment = segment;
      allocator_.hold(fragment);
      if (sequence <= received_) {
        enqueue(sequence, fragment);
      } else {
        keep(sequence, fragment);
      }
      sequence += segment.bytes;
    });
  }
  while (!out_of_order_.empty() && out_of_order_.begin()->first <= received_) {
    enqueue(out_of_order_.begin()->first, out_of_order_.begin()->second);
    out_of_order_.erase(out_of_order_.begin());
  }
  if (received_ == before) return;
  ends_.push_back(received_);
  queued_ += Bytes(received_ - before);
  readers_.wake_all();
}

/// Puts what is new of it at the end of the queue.
void TcpReceiver::enqueue(std::uint64_t begin, Fragment fragment) {
  const std::uint64_t known = received_ - begin;
  if (known >= fragment.segment.bytes) return allocator_.put(fragment);
  fragment.segment.address += known;
  fragment.segment.bytes -= static_cast<std::uint32_t>(known);
  queue_.push_back(fragment);
  received_ += fragment.segment.bytes;
}

// tcp_data_queue_ofo()
void TcpReceiver::keep(std::uint64_t begin, const Fragment& fragment) {
  const auto [at, fresh] = out_of_order_.emplace(begin, fragment);
  if (fresh) return;
  Fragment rest = fragment;
  if (at->second.segment.bytes < fragment.segment.bytes) std::swap(at->second, rest);
  allocator_.put(rest);
}

void TcpReceiver::close() {
  closed_ = true;
  for (const auto& [begin, fragment] : out_of_order_) allocator_.put(fragment);
  out_of_order_.clear();
  for (const Fragment& fragment : queue_) allocator_.put(fragment);
  queue_.clear();
  queued_ = Bytes(0);
}

void TcpReceiver::wait_for_data(Task& task) {
  const auto ready = [&] { return !queue_.empty(); };
  if (polls_) {
    task.poll_until(readers_, ready);
  } else {
    task.wait_until(readers_, ready);
  }
}

/// At most `wanted` bytes in at most `most` pieces, out of the queue.
FragmentList TcpReceiver::take(Bytes wanted, std::size_t most) {
  FragmentList taken;
  while (wanted > Bytes(0) && !queue_.empty() && taken.size() < most) {
    Fragment& next = queue_.front();
    const Bytes bytes = std::min(wanted, Bytes(next.segment.bytes));
    taken.push_back(allocator_.cut_off(next, static_cast<std::uint32_t>(bytes.count())));
    if (next.segment.bytes == 0) queue_.pop_front();
    wanted -= bytes;
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
      const bool by_client = device_.has_local_client(connection_);
      task.copy(by_client ? copy_to_receiver(taken[i].place) : Movement::kCopyFromSocket, from,
                {{buffer + done.count(), static_cast<std::uint32_t>(bytes.count())}},
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
  offered_ = sequence + device_.receive_buffer().count();
  task.spend(task.costs().skb);
  if (!device_.loops_back()) sequence = received_;
  device_.acknowledge(packet(Packet::Kind::kAcknowledgement, sequence), task);
}

void TcpReceiver::acknowledge_now(Execution& softirq) {
  if (!urgent_ || closed_) return;
  urgent_ = false;
  softirq.spend(softirq.costs().skb);
  softirq.settle();
  device_.send(packet(Packet::Kind::kAcknowledgement, received_));
}

void TcpReceiver::trace(sc_core::sc_trace_file* file, const std::string& prefix) const {
  sc_trace(file, queued_, prefix + ".receive_queue_bytes");
}

}  // namespace copypath
