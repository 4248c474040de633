#include "models/kernel/tcp_socket.h"

#include <algorithm>

#include "models/kernel/tcp_recovery.h"

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

/// Pages of what is spliced: it is taken one by one, also where the kernel has it in one piece
/// (skb_splice_from_iter()).
unsigned pages_in(const FragmentList& list) {
  unsigned pages = 0;
  for (const Fragment& fragment : list) {
    pages += fragment.pages == nullptr ? fragment.count() : pages_of(fragment.segment);
  }
  return pages;
}

}  // namespace

class TcpSocket::Lock {
public:
  explicit Lock(TcpSocket& socket) : socket_(socket) { socket_.locked_ = true; }
  ~Lock() { socket_.unlock(); }
  void release() { socket_.unlock(); }
  void take() { socket_.locked_ = true; }

private:
  TcpSocket& socket_;
};

TcpSocket::TcpSocket(std::uint32_t connection, const Config& config, NetDevice& device,
                     SkbAllocator& allocator)
    : connection_(connection),
      config_(config.socket),
      segment_size_(segment_size(config.nic)),
      goal_(size_goal(segment_size_)),
      device_(device),
      allocator_(allocator),
      announced_(scaled_window(config.socket.receive_buffer)),
      echo_(timestamp_of(timestamps_lead(config.socket.rtt))),
      page_by_page_(config.kernel < since::kSplicePages),
      copies_for_device_(config.kernel < since::kAlwaysGso &&
                         !(device.gathers() && device.checksums())),
      zerocopy_(config.socket.optmem) {
  if (config.kernel < since::kAlwaysGso && !device.gathers()) goal_ = segment_size(config.nic);
  if (config.nic.link == Link::kLoopback) {  // the receiver's buffer is on this machine, too
    config_.window = std::min(config_.window, config_.receive_buffer);
  }
  device_.add(*this);
  if (config.faults.lossy()) {
    prepare_recovery(config.faults);
    recovery_->runs = true;
  } else if (config.broker.producers() > 0 && device.tls_offload() != TlsOffload::kNone) {
    prepare_recovery(config.faults);  // it keeps the records of what may have to be sent again
  }
}

TcpSocket::~TcpSocket() = default;

/// What came meanwhile and had to wait for the lock (release_sock()).
void TcpSocket::unlock() {
  locked_ = false;
  if (reset_) purge();
}

void TcpSocket::check_connection() const {
  if (reset_) throw ConnectionReset();
}

void TcpSocket::send(Task& task, const SegmentList& from, Movement copy, bool more) {
  check_connection();
  Lock lock(*this);
  copy_in(task, lock, from, copy, more);
  if (from.empty() && !more) push(task, false);
}

void TcpSocket::copy_in(Task& task, Lock& lock, const SegmentList& from, Movement copy, bool more) {
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
      if (fragment_.is_used_up()) task.spend(task.costs().skb_memory);
      const Segment piece = allocator_.append_memory(skb, fragment_, wanted);
      skb.linear = skb.checksummed = copies_for_device_;  // csum_and_copy_from_user()
      append(to, piece);
      planned += Bytes(piece.bytes);
      queued_ += Bytes(piece.bytes);
      next_sequence_ += piece.bytes;
    } while (done + planned < total && planned < goal_ && has_room());
    task.copy(copy, slice(from, done, planned), to, task.costs().copy_rate);
    done += planned;
    push(task, more);
  }
}

void TcpSocket::send_pages(Task& task, const FragmentList& pages, bool more, UbufInfo* ubuf) {
  Bytes taken;
  try {
    check_connection();
    append_pages(task, pages, more, ubuf, taken);
  } catch (const ConnectionReset&) {
    for (Fragment page : pages) {  // but for what the socket has
      const Bytes gone = std::min(taken, Bytes(page.segment.bytes));
      taken -= gone;
      page.segment.address += gone.count();
      page.segment.bytes -= static_cast<std::uint32_t>(gone.count());
      if (page.segment.bytes > 0) allocator_.put(page);
    }
    throw;
  }
}

/// Counts in `taken` whose references are the socket's.
void TcpSocket::append_pages(Task& task, const FragmentList& pages, bool more, UbufInfo* ubuf,
                             Bytes& taken) {
  Lock lock(*this);
  if (recovery_ && encrypted_by_device_) remember_record(pages);
  if (ubuf == nullptr) {  // splice_to_socket()
    const CpuConfig& costs = task.costs();
    task.spend(costs.splice_send + costs.send_page * static_cast<double>(pages_in(pages)));
  }
  if (page_by_page_ && ubuf == nullptr && !pages.empty()) {  // sendpage()
    task.spend(task.costs().sendpage * static_cast<double>(count_of(pages) - 1));
  }
  if (copies_for_device_) return copy_instead(task, lock, pages, more, ubuf, taken);
  Skb* skb = nullptr;  // the last one
  for (Fragment rest : pages) {
    while (rest.segment.bytes > 0) {
      if (skb == nullptr || skb->full(goal_)) {
        skb = &skb_with_room(task, lock, ubuf);
        if (skb->ubuf == nullptr && ubuf != nullptr) {
          skb->ubuf = ubuf;
          ubuf->hold();
        }
      }
      const auto n = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(allocator_.room_for(rest, *skb), (goal_ - skb->bytes).count()));
      allocator_.append(*skb, allocator_.cut_off(rest, n));
      skb->shared = true;
      queued_ += Bytes(n);
      next_sequence_ += n;
      taken += Bytes(n);
    }
  }
  push(task, more);
}

/// What was to go by reference is copied: sock_no_sendpage(), or tcp_sendmsg() without zerocopy.
void TcpSocket::copy_instead(Task& task, Lock& lock, const FragmentList& pages, bool more,
                             UbufInfo* ubuf, Bytes& taken) {
  const Bytes total = size_of(pages);
  for (const Fragment& run : pages) {
    const bool mapped = run.place == Place::kPageCache;
    const Movement copy = ubuf == nullptr ? linearise(run.place)
                          : mapped        ? Movement::kCopyFromMapping
                                          : Movement::kCopyFromUser;
    for_each_fragment(run, [&](const Segment& page) {
      const Bytes after = taken + Bytes(page.bytes);
      copy_in(task, lock, {page}, copy, more || after < total);
      allocator_.put({page, run.place, false, run.pages});
      taken = after;
    });
  }
  if (ubuf != nullptr) ubuf->mark_copied();
}

UbufInfo* TcpSocket::begin_zerocopy(Task& task, Bytes bytes) {
  return zerocopy_.begin(task, bytes, unsent_.empty() ? nullptr : unsent_.back()->ubuf);
}

/// Whether more payload can be appended without waiting.
bool TcpSocket::has_room() const {
  return (!unsent_.empty() && !unsent_.back()->full(goal_)) || queued_ < config_.send_buffer;
}

Skb& TcpSocket::skb_with_room(Task& task, Lock& lock, const UbufInfo* ubuf) {
  if (!unsent_.empty() && !unsent_.back()->full(goal_)) {
    Skb& last = *unsent_.back();
    // An skb tells one; more would have to wait for each other (skb_zerocopy_iter_stream()).
    if (ubuf == nullptr || last.ubuf == nullptr || last.ubuf == ubuf) return last;
  }
  if (queued_ >= config_.send_buffer) {  // sk_stream_wait_memory()
    ++send_buffer_waits_;
    push(task, true);
    lock.release();
    task.wait_until(writers_, [&] { return queued_ < config_.send_buffer || reset_; });
    check_connection();
    lock.take();
  }
  task.spend(task.cpu().config().skb);
  unsent_.push_back(allocator_.allocate(*this, next_sequence_));
  return *unsent_.back();
}

void TcpSocket::push(Task& task, bool more) {
  task.settle();
  if (recovery_) has_lost(task.core());
  more_ = more;
  if (pushing_) task.wait_until(pushers_, [&] { return !pushing_; });
  send_all(task, false);
}

/// What the window lets go, and before that what was lost. `may_yield`: to a task that takes the
/// socket meanwhile; it goes on when the packet at hand has left.
void TcpSocket::send_all(Execution& by, bool may_yield) {
  for (;;) {
    if (recovery_) retransmit(by);
    if (reset_ || (may_yield && locked_) || unsent_.empty() || !may_send(*unsent_.front())) return;
    send_next(by);
  }
}

// tcp_write_xmit()
bool TcpSocket::may_send(const Skb& skb) const {
  const bool grows = &skb == unsent_.back() && !skb.full(goal_);
  if (grows && (more_ || in_device_ > 0)) return false;  // tcp_should_autocork()
  return in_flight_bytes_ == Bytes(0) || in_flight_bytes_ + skb.bytes <= config_.window;
}

void TcpSocket::send_next(Execution& by) {
  Skb& skb = *unsent_.front();
  unsent_.pop_front();
  in_flight_.push_back(&skb);
  in_flight_bytes_ += skb.bytes;
  if (recovery_ && (in_flight_.size() == 1 || recovery_->probes)) restart_timer();
  hand_to_device(skb, by);
}

void TcpSocket::hand_to_device(Skb& skb, Execution& by) {
  skb.in_device = true;
  ++in_device_;
  if (recovery_) {
    skb.sent = sc_core::sc_time_stamp();
    if (!has_carrier(skb)) return;
  }
  device_.transmit(skb, by);
}

/// In an interrupt, which must not wait: where a core has work to do on every packet, that is left
/// to the softirq's own process.
void TcpSocket::push_unsent(Core& core) {
  if (locked_ || pushing_) return;
  if (recovery_ && has_lost(core)) {
    core.softirq.raise(*this);
    return;
  }
  if (device_.is_immediate()) {
    while (!unsent_.empty() && may_send(*unsent_.front())) send_next(core.softirq);
  } else if (!unsent_.empty()) {
    core.softirq.raise(*this);
  }
}

void TcpSocket::run(Execution& softirq) {
  if (locked_ || pushing_) return;
  pushing_ = true;
  send_all(softirq, true);
  pushing_ = false;
  if (reset_ && !locked_) purge();
  pushers_.wake_all();
}

void TcpSocket::leave_device(Skb& skb) {
  skb.in_device = false;
  --in_device_;
  release_if_done(skb);
}

void TcpSocket::take_completion(Skb& skb, Core& core) {
  leave_device(skb);
  push_unsent(core);
}

void TcpSocket::take_acknowledgement(std::uint64_t sequence, const Sack& sack, Core& core) {
  if (reset_) return;
  acknowledged_ = std::max(acknowledged_, sequence);
  if (recovery_) recover(sequence, sack);
  while (!in_flight_.empty()) {
    Skb& skb = *in_flight_.front();
    if (skb.sequence + skb.bytes.count() > sequence) break;
    in_flight_.pop_front();
    in_flight_bytes_ -= skb.bytes;
    queued_ -= skb.bytes;
    skb.acknowledged = true;
    release_if_done(skb);
  }
  push_unsent(core);
  // sk_stream_write_space(): wakes writers when a third of the buffer is free.
  if (config_.send_buffer - std::min(queued_, config_.send_buffer) >= Bytes(queued_.count() / 2)) {
    if (device_.loops_back() && !writers_.empty()) core.steal(core.softirq.costs().wakeup);
    writers_.wake_all();
  }
}

void TcpSocket::take_acknowledgement(const FrameHeader& header, Core& core) {
  echo_ = header.timestamp;
  const std::uint64_t sequence = extended(header.acknowledgement, acknowledged_);
  Sack sack = header.sack;
  for (unsigned i = 0; i < sack.count; ++i) {
    sack.blocks[i] = {extended(sack.blocks[i].begin, sequence),
                      extended(sack.blocks[i].end, sequence)};
  }
  take_acknowledgement(sequence, sack, core);
}

FrameHeader TcpSocket::header(std::uint64_t sequence, Bytes bytes) {
  const Bytes segment = segment_size_;
  FrameHeader header;
  header.connection = connection_;
  header.sequence = sequence;
  header.acknowledgement = requests_seen_ * kRequestText.count();
  header.identification = static_cast<std::uint16_t>(identification_ + 1);
  identification_ = static_cast<std::uint16_t>(identification_ + units_covering(bytes, segment));
  header.window = announced_;
  header.timestamp = device_.timestamp();
  header.echo = echo_;
  return header;
}

void TcpSocket::release_if_done(Skb& skb) {
  if (skb.acknowledged && !skb.in_device) allocator_.free(&skb);
}

void TcpSocket::receive_request(Task& task) {
  task.wait_until(readers_, [&] { return requests_ > 0 || reset_; });
  check_connection();
  --requests_;
}

void TcpSocket::take_request(std::uint64_t number) {
  if (number != requests_seen_) return;  // it had been answered, but the client did not know
  ++requests_seen_;
  ++requests_;
  readers_.wake_all();
}

void TcpSocket::take_request(const FrameHeader& header) {
  echo_ = header.timestamp;
  const std::uint64_t expected = requests_seen_ * kRequestText.count();
  take_request(extended(header.sequence, expected) / kRequestText.count());
}

// tcp_reset(), tcp_done(): nothing is sent any more, and nothing waits.
void TcpSocket::take_reset() {
  if (reset_) return;
  reset_ = true;
  if (!locked_ && !pushing_) purge();
  writers_.wake_all();
  readers_.wake_all();
}

/// tcp_write_queue_purge(): what the NIC still has is freed when it is done.
void TcpSocket::purge() {
  for (Skb* skb : unsent_) allocator_.free(skb);
  unsent_.clear();
  for (Skb* skb : in_flight_) {
    skb->acknowledged = true;
    release_if_done(*skb);
  }
  in_flight_.clear();
  in_flight_bytes_ = queued_ = Bytes(0);
  if (recovery_) forget_records(~std::uint64_t{0});
}

void TcpSocket::trace(sc_core::sc_trace_file* file) const {
  const std::string prefix = "socket" + std::to_string(connection_);
  sc_trace(file, queued_, prefix + ".send_buffer_bytes");
  sc_trace(file, in_flight_bytes_, prefix + ".unacknowledged_bytes");
}

}  // namespace copypath
