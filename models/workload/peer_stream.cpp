#include "models/workload/peer_stream.h"

#include <algorithm>

namespace copypath {

PeerStream::PeerStream(const Config& config, Bytes packet)
    : segment_(segment_size(config.nic)),
      packet_(packet),
      recovery_(segment_, config.socket.rtt),
      window_(config.socket.receive_buffer),
      threshold_(config.socket.receive_buffer),
      limit_(config.socket.receive_buffer) {
  const unsigned initial = config.socket.initial_window;
  if (initial > 0) window_ = std::min(window_, segment_ * initial);
}

void PeerStream::expect_losses(sc_time now) {
  losses_ = true;
  restart_timer(now);
}

// tcp_rearm_rto(), tcp_schedule_loss_probe()
void PeerStream::restart_timer(sc_time now) {
  sc_time timeout = recovery_.timeout();
  probes_ = recovery_.may_probe();
  if (probes_) {
    const bool single = sent_ - acknowledged_ <= segment_;
    timeout = std::min(timeout, recovery_.probe_timeout(single));
  }
  deadline_ = now + timeout;
}

/// A round trip per window, of what was sent once (Karn).
void PeerStream::measure(sc_time now) {
  if (measured_ == Bytes(0) || acknowledged_ < measured_) return;
  recovery_.measure(now - measured_from_);
  measured_ = Bytes(0);
}

void PeerStream::take_acknowledgement(const Packet& packet, sc_time now) {
  limit_ = std::max(limit_, Bytes(packet.sequence) + packet.offers);
  const std::uint64_t delivered = recovery_.delivered();
  if (!recovery_.acknowledge(packet.sequence, packet.sack)) return;
  const Bytes before = acknowledged_;
  acknowledged_ = std::max(before, Bytes(packet.sequence));
  measure(now);
  const bool recovers = acknowledged_ < recovered_;
  const Bytes news = acknowledged_ - before;
  if (window_ < threshold_) {
    window_ = std::min(threshold_, window_ + news);
  } else if (losses_ && before >= recovered_) {
    window_ += Bytes(segment_.count() * news.count() / window_.count());
  }
  if (!losses_) return;
  restart_timer(now);
  credit_ += Bytes(recovery_.delivered() - delivered) + segment_;
  if (!recovery_.next().empty() && !recovers) {
    recovered_ = sent_;
    credit_ = segment_;
    window_ = threshold_ = std::max(segment_ * 2, Bytes(window_.count() / 2));
  }
}

sc_time PeerStream::check_timer(sc_time now) {
  if (!losses_ || idle()) return sc_core::sc_max_time();
  if (now < deadline_) return deadline_;
  if (probes_) {
    recovery_.probe(sent_.count());
    credit_ += segment_;
  } else {
    recovery_.time_out(sent_.count());
    if (acknowledged_ >= recovered_) {  // not one after the other of the same
      threshold_ = std::max(segment_ * 2, Bytes(window_.count() / 2));
    }
    recovered_ = sent_;
    window_ = credit_ = segment_;
  }
  restart_timer(now);
  return deadline_;
}

Bytes PeerStream::most() const {
  const Bytes half = segment_ * (window_.count() / 2 / segment_.count());
  return std::min(packet_, std::max(segment_, half));
}

PeerStream::Stretch PeerStream::next(Bytes available) const {
  const Stretch lost = losses_ ? recovery_.next() : Stretch{};
  if (!lost.empty()) {
    const Bytes bytes(lost.end - lost.begin);
    if (recovery_.probe_due()) return lost;  // besides what the window lets go (RFC 8985)
    const Bytes in_flight = recovery_.in_flight(sent_.count());
    const bool fits = in_flight == Bytes(0) || in_flight + bytes <= window_;
    return fits && bytes <= credit_ ? lost : Stretch{};
  }
  const Bytes end = sent_ + std::min(most(), available - sent_);
  if (end > limit_ || end - acknowledged_ > window_) return {};
  if (acknowledged_ < recovered_ && end - sent_ > credit_) return {};
  return {sent_.count(), end.count()};
}

void PeerStream::send(const Stretch& stretch, sc_time now) {
  const Bytes bytes(stretch.end - stretch.begin);
  credit_ -= std::min(credit_, bytes);
  if (Bytes(stretch.begin) < sent_) {
    recovery_.sent_again(stretch, sent_.count());
    measured_ = Bytes(0);
    return;
  }
  const bool first = idle();
  sent_ += bytes;
  if (first) restart_timer(now);
  if (measured_ == Bytes(0)) {
    measured_ = sent_;
    measured_from_ = now;
  }
}

}  // namespace copypath
