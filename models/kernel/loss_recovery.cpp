#include "models/kernel/loss_recovery.h"

#include <algorithm>

namespace copypath {

const sc_time LossRecovery::kLeastTimeout = milliseconds(200);
const sc_time LossRecovery::kMostTimeout = milliseconds(120'000);
const sc_time LossRecovery::kLeastProbe = milliseconds(2);

namespace {

/// Segments beyond a gap after which it is lost, not late (DupThresh of RFC 6675).
constexpr std::uint64_t kDuplicates = 3;

}  // namespace

LossRecovery::LossRecovery(Bytes segment, sc_time rtt)
    : segment_(segment.count()), smoothed_(rtt), variation_(rtt / 2) {}

bool LossRecovery::acknowledge(std::uint64_t sequence, const Sack& sack) {
  bool news = sequence > acknowledged_;
  acknowledged_ = std::max(acknowledged_, sequence);
  for (unsigned i = 0; i < sack.count; ++i) {
    std::uint64_t begin = sack.blocks[i].begin;
    std::uint64_t end = sack.blocks[i].end;
    if (end <= acknowledged_) continue;
    auto at = received_.upper_bound(begin);
    if (at != received_.begin() && std::prev(at)->second >= begin) --at;
    if (at != received_.end() && at->first <= begin && at->second >= end) continue;  // known
    news = true;
    while (at != received_.end() && at->first <= end) {  // joined with its neighbours
      begin = std::min(begin, at->first);
      end = std::max(end, at->second);
      at = received_.erase(at);
    }
    received_.emplace(begin, end);
  }
  while (!received_.empty() && received_.begin()->second <= acknowledged_) {
    received_.erase(received_.begin());
  }
  highest_ = std::max(highest_, received_.empty() ? acknowledged_ : received_.rbegin()->second);
  if (news) {
    probing_ = probed_ = false;
    probe_ = {};
    timeouts_ = 0;
    judge();
  }
  return news;
}

/// What was sent again and before something that has arrived is lost again
/// (tcp_rack_detect_loss()).
void LossRecovery::judge() {
  std::size_t arrived = 0;  // as many of the oldest ones as are not on their way any more
  for (std::size_t i = 0; i < again_.size(); ++i) {
    const Again& one = again_[i];
    if (is_there(one.stretch.end - 1)) {
      lost_before_ = std::max(lost_before_, one.sent);
      arrived = i + 1;
    } else if (highest_ > one.sent) {
      arrived = i + 1;
    }
  }
  for (; arrived > 0; --arrived) {
    const Stretch& stretch = again_.front().stretch;
    if (!is_there(stretch.end - 1)) {
      looked_ = std::min(looked_, stretch.begin);
      lost_before_ = std::max(lost_before_, stretch.end);
    }
    again_.pop_front();
  }
}

bool LossRecovery::is_there(std::uint64_t byte) const {
  if (byte < acknowledged_) return true;
  const auto after = received_.upper_bound(byte);
  return after != received_.begin() && std::prev(after)->second > byte;
}

void LossRecovery::time_out(std::uint64_t sent) {
  looked_ = acknowledged_;
  lost_before_ = sent;
  again_.clear();
  probe_ = {};
  probing_ = true;
  ++timeouts_;
}

void LossRecovery::probe(std::uint64_t sent) {
  probed_ = true;
  probe_ = {std::max(acknowledged_, sent - std::min(sent, segment_)), sent};
}

/// Whether so much has been acknowledged selectively after that one that it must be lost.
bool LossRecovery::enough_beyond(std::uint64_t sequence) const {
  const bool recovers = acknowledged_ < recovers_to_;
  std::uint64_t bytes = 0;
  for (auto at = received_.upper_bound(sequence); at != received_.end(); ++at) {
    bytes += at->second - at->first;
    if (recovers || bytes > (kDuplicates - 1) * segment_) return true;
  }
  return false;
}

LossRecovery::Stretch LossRecovery::next() const {
  if (!probe_.empty()) return probe_;
  if (probing_ && looked_ > acknowledged_) return {};
  std::uint64_t begin = std::max(acknowledged_, looked_);
  for (;;) {  // over what is there or on its way again
    const auto after = received_.upper_bound(begin);
    if (after != received_.begin() && std::prev(after)->second > begin) {
      begin = std::prev(after)->second;
    }
    if (begin >= resent_) break;
    const auto one = std::find_if(again_.begin(), again_.end(), [&](const Again& again) {
      return again.stretch.begin <= begin && begin < again.stretch.end;
    });
    if (one == again_.end()) break;
    begin = one->stretch.end;
  }
  const auto after = received_.upper_bound(begin);
  const bool beyond = enough_beyond(begin);
  if (!beyond && begin >= lost_before_) return {};
  std::uint64_t end = begin + segment_;
  if (after != received_.end()) end = std::min(end, after->first);
  if (!beyond) end = std::min(end, lost_before_);
  return {begin, end};
}

std::uint64_t LossRecovery::delivered() const {
  std::uint64_t bytes = acknowledged_;
  for (const auto& [begin, end] : received_) bytes += end - begin;
  return bytes;
}

Bytes LossRecovery::in_flight(std::uint64_t sent) const {
  std::uint64_t bytes = sent - std::min(sent, std::max(highest_, lost_before_));
  for (const Again& one : again_) bytes += one.stretch.end - one.stretch.begin;
  return Bytes(bytes);
}

void LossRecovery::sent_again(const Stretch& stretch, std::uint64_t sent) {
  if (stretch.begin == probe_.begin) {
    probe_ = {};
  } else {
    looked_ = stretch.end;
    if (acknowledged_ >= recovers_to_) recovers_to_ = sent;
  }
  resent_ = std::max(resent_, stretch.end);
  again_.push_back({stretch, sent});
}

void LossRecovery::measure(sc_time rtt) {
  const sc_time off = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
  variation_ = variation_ * 0.75 + off * 0.25;
  smoothed_ = smoothed_ * 0.875 + rtt * 0.125;
}

sc_time LossRecovery::timeout() const {
  const sc_time once = smoothed_ + std::max(variation_ * 4, kLeastTimeout);
  constexpr unsigned kMostDoublings = 10;
  return std::min(once * (1U << std::min(timeouts_, kMostDoublings)), kMostTimeout);
}

// tcp_schedule_loss_probe()
sc_time LossRecovery::probe_timeout(bool single) const {
  return smoothed_ * 2 + (single ? kLeastTimeout : kLeastProbe);
}

}  // namespace copypath
