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
  if (news) note_arrived(0, acknowledged_);
  for (unsigned i = 0; i < sack.count; ++i) {
    std::uint64_t begin = sack.blocks[i].begin;
    std::uint64_t end = sack.blocks[i].end;
    if (end <= acknowledged_) continue;
    auto at = received_.upper_bound(begin);
    if (at != received_.begin() && std::prev(at)->second >= begin) --at;
    if (at != received_.end() && at->first <= begin && at->second >= end) continue;  // known
    news = true;
    note_arrived(begin, end);
    while (at != received_.end() && at->first <= end) {  // joined with its neighbours
      begin = std::min(begin, at->first);
      end = std::max(end, at->second);
      received_bytes_ -= at->second - at->first;
      at = received_.erase(at);
    }
    received_.emplace(begin, end);
    received_bytes_ += end - begin;
  }
  while (!received_.empty() && received_.begin()->second <= acknowledged_) {
    received_bytes_ -= received_.begin()->second - received_.begin()->first;
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

/// What was sent again and ends within these bytes, which are there now, has arrived. (What had
/// arrived before is forgotten, so that nothing is looked at twice.)
void LossRecovery::note_arrived(std::uint64_t begin, std::uint64_t end) {
  auto at = by_place_.lower_bound(begin);
  if (at != by_place_.begin()) --at;  // which may reach into it
  for (; at != by_place_.end() && at->first < end; ++at) {
    const Again& one = at->second;
    if (one.stretch.end <= begin || one.stretch.end > end) continue;
    lost_before_ = std::max(lost_before_, one.sent);
    arrived_ = std::max(arrived_, one.number + 1);
  }
}

/// What was sent again and before something that has arrived is lost again
/// (tcp_rack_detect_loss()).
void LossRecovery::judge() {
  while (!again_.empty() && (again_.front().number < arrived_ || again_.front().sent < highest_)) {
    const Stretch& stretch = again_.front().stretch;
    if (!is_there(stretch.end - 1)) {
      looked_ = std::min(looked_, stretch.begin);
      lost_before_ = std::max(lost_before_, stretch.end);
    }
    forget_oldest();
  }
}

void LossRecovery::forget_oldest() {
  const Again& oldest = again_.front();
  auto at = by_place_.lower_bound(oldest.stretch.begin);
  while (at->second.number != oldest.number) ++at;
  by_place_.erase(at);
  again_bytes_ -= oldest.stretch.end - oldest.stretch.begin;
  again_.pop_front();
}

/// What was sent again and holds this byte, or nullptr.
const LossRecovery::Again* LossRecovery::on_its_way(std::uint64_t byte) const {
  const auto after = by_place_.upper_bound(byte);
  if (after == by_place_.begin()) return nullptr;
  const Again& one = std::prev(after)->second;
  return byte < one.stretch.end ? &one : nullptr;
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
  by_place_.clear();
  again_bytes_ = 0;
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
    const Again* const one = on_its_way(begin);
    if (one == nullptr) break;
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

std::uint64_t LossRecovery::delivered() const { return acknowledged_ + received_bytes_; }

Bytes LossRecovery::in_flight(std::uint64_t sent) const {
  return Bytes(sent - std::min(sent, std::max(highest_, lost_before_)) + again_bytes_);
}

void LossRecovery::sent_again(const Stretch& stretch, std::uint64_t sent) {
  if (!probe_.empty() && stretch.begin == probe_.begin) {
    probe_ = {};
  } else {
    looked_ = stretch.end;
    if (acknowledged_ >= recovers_to_) recovers_to_ = sent;
  }
  resent_ = std::max(resent_, stretch.end);
  again_.push_back({stretch, sent, sent_again_});
  by_place_.emplace(stretch.begin, Again{stretch, sent, sent_again_});
  again_bytes_ += stretch.end - stretch.begin;
  ++sent_again_;
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
