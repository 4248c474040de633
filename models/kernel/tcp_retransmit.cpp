// The part of a TCP socket that is there only if something can get lost: it keeps in mind what the
// peer has, and sends again what it lacks, from the very memory in which it lies. Follows
// tcp_xmit_retransmit_queue() and tcp_retransmit_timer() of net/ipv4, tls_get_record() of net/tls
// (Linux 6.x). Left out: the cost of the timer.
#include <algorithm>

#include "models/kernel/tcp_recovery.h"

namespace copypath {

using sc_core::sc_time_stamp;

void TcpSocket::prepare_recovery(const FaultConfig& faults) {
  recovery_ = std::make_unique<Recovery>(segment_size_, config_.rtt, faults);
  recovery_->timed_from = next_sequence_;
  sc_core::sc_spawn_options timer;
  timer.spawn_method();
  timer.set_sensitivity(&recovery_->expiry);
  timer.dont_initialize();
  sc_core::sc_spawn([this] { expire(); }, sc_core::sc_gen_unique_name("retransmit_timer"), &timer);
}

void TcpSocket::expect_losses(Core& core) {
  if (recovery_ && recovery_->runs) return;
  if (!recovery_) prepare_recovery({});
  if (recovery_->core == nullptr) recovery_->core = &core;
  recovery_->runs = true;
  recovery_->state.acknowledge(acknowledged_, {});
  if (!in_flight_.empty()) restart_timer();
}

/// Without a carrier the queue in front of the device is one that drops everything (noop_qdisc).
bool TcpSocket::has_carrier(Skb& skb) {
  if (recovery_->faults.has_carrier(sc_time_stamp())) return true;
  leave_device(skb);
  return false;
}

// ---- Acknowledgements, and their absence.

void TcpSocket::recover(std::uint64_t sequence, const Sack& sack) {
  LossRecovery& state = recovery_->state;
  for (const Skb* skb : in_flight_) {  // as far as it is acknowledged now
    const std::uint64_t end = skb->sequence + skb->bytes.count();
    if (end > sequence) break;
    // Not of what was sent again, nor of what had arrived, but lay beyond a gap
    // (tcp_clean_rtx_queue()).
    if (end == sequence && skb->sequence >= std::max(state.resent(), recovery_->timed_from) &&
        !state.is_there(end - 1)) {
      state.measure(sc_time_stamp() - skb->sent);
    }
  }
  if (!state.acknowledge(sequence, sack)) return;
  forget_records(sequence);
  restart_timer();
}

/// tcp_rearm_rto(), tcp_schedule_loss_probe()
void TcpSocket::restart_timer() {
  if (!recovery_->runs) return;
  const LossRecovery& state = recovery_->state;
  sc_time timeout = state.timeout();
  recovery_->probes = state.may_probe();
  if (recovery_->probes) {
    const bool single = unacknowledged() <= segment_size_.count();
    timeout = std::min(timeout, state.probe_timeout(single));
  }
  recovery_->deadline = sc_time_stamp() + timeout;
  recovery_->expiry.notify(timeout);  // if it is pending earlier, that one looks at the deadline
}

// tcp_retransmit_timer()
void TcpSocket::expire() {
  if (in_flight_.empty() || reset_) return;
  const sc_time now = sc_time_stamp();
  if (now < recovery_->deadline) {
    recovery_->expiry.notify(recovery_->deadline - now);
    return;
  }
  if (recovery_->probes) {  // tcp_send_loss_probe()
    recovery_->state.probe(sent_so_far());
  } else {
    recovery_->state.time_out(sent_so_far());
  }
  restart_timer();
  if (recovery_->core != nullptr) push_unsent(*recovery_->core);
}

/// For the first time: SND.NXT.
std::uint64_t TcpSocket::sent_so_far() const {
  const Skb& last = *in_flight_.back();
  return last.sequence + last.bytes.count();
}

std::uint64_t TcpSocket::unacknowledged() const {
  return in_flight_.empty() ? 0
                            : sent_so_far() - std::max(acknowledged_, in_flight_.front()->sequence);
}

bool TcpSocket::has_lost(Core& core) {
  recovery_->core = &core;
  return !recovery_->state.next().empty();
}

// ---- Sending again.

// tcp_xmit_retransmit_queue()
void TcpSocket::retransmit(Execution& by) {
  LossRecovery& state = recovery_->state;
  while (!reset_ && !state.next().empty()) {
    by.spend(by.costs().skb);
    by.settle();
    const LossRecovery::Stretch lost = state.next();  // meanwhile it may have been acknowledged
    Skb* original = lost.empty() || reset_ ? nullptr : in_flight_at(lost.begin);
    if (original == nullptr || original->in_device) return;  // skb_still_in_host_queue()
    const std::uint64_t end = std::min(lost.end, original->sequence + original->bytes.count());
    Skb& again = copy_of(*original, lost.begin, end);
    state.sent_again({lost.begin, end}, sent_so_far());
    ++retransmits_;
    hand_to_device(again, by);
  }
}

/// The skb that holds this byte of the stream, if it is in flight.
Skb* TcpSocket::in_flight_at(std::uint64_t sequence) const {
  const auto after =
      std::upper_bound(in_flight_.begin(), in_flight_.end(), sequence,
                       [](std::uint64_t wanted, const Skb* skb) { return wanted < skb->sequence; });
  if (after == in_flight_.begin()) return nullptr;
  Skb* skb = *std::prev(after);
  return sequence < skb->sequence + skb->bytes.count() ? skb : nullptr;
}

/// tcp_fragment(), skb_clone(): an skb of its own that refers to bytes [begin, end) of the stream.
Skb& TcpSocket::copy_of(const Skb& original, std::uint64_t begin, std::uint64_t end) {
  Skb& again = *allocator_.allocate(*this, begin);
  again.again = true;
  again.acknowledged = true;  // it is gone when the device is done with it
  again.linear = original.linear;
  again.checksummed = original.checksummed;
  again.shared = original.shared;
  again.ubuf = original.ubuf;
  if (again.ubuf != nullptr) again.ubuf->hold();
  std::uint64_t at = original.sequence;
  for (unsigned i = 0; i < original.run_count && at < end; ++i) {
    Fragment piece = original.runs[i];
    const std::uint64_t next = at + piece.segment.bytes;
    if (next > begin) {
      const std::uint64_t first = std::max(at, begin);
      piece.segment.address += first - at;
      piece.segment.bytes = static_cast<std::uint32_t>(std::min(next, end) - first);
      allocator_.hold(piece);
      allocator_.append(again, piece);
    }
    at = next;
  }
  if (encrypted_by_device_) add_resync(again);
  return again;
}

// ---- TLS in the NIC.

/// tls_device keeps every record until all of it has been acknowledged.
void TcpSocket::remember_record(const FragmentList& pages) {
  if (pages.empty()) return;
  for (const Fragment& page : pages) allocator_.hold(page);
  recovery_->records.push_back({next_sequence_, next_sequence_ + size_of(pages).count(), pages});
}

void TcpSocket::forget_records(std::uint64_t acknowledged) {
  auto& records = recovery_->records;
  for (; !records.empty() && records.front().end <= acknowledged; records.pop_front()) {
    for (const Fragment& page : records.front().pages) allocator_.put(page);
    ++recovery_->first_record;
  }
}

/// What the NIC has to read besides: the record from its beginning (mlx5e_ktls_tx_handle_ooo()).
void TcpSocket::add_resync(Skb& again) const {
  again.resync.clear();
  again.resync_record = recovery_->first_record;
  for (const Recovery::Record& record : recovery_->records) {
    if (record.end > again.sequence) {
      SegmentList all;
      for (const Fragment& page : record.pages) copypath::append(all, page.segment);
      again.resync = first(all, Bytes(again.sequence - record.begin));
      return;
    }
    ++again.resync_record;
  }
}

}  // namespace copypath
