#include "models/kernel/loss_recovery.h"

#include <algorithm>

namespace copypath {

const sc_time LossRecovery::kLeastTimeout = milliseconds(200);
const sc_time LossRecovery::kMostTimeout = milliseconds(120'000);

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
  if (news) {
    probing_ = false;
    timeouts_ = 0;
  }
  return news;
}

void LossRecovery::time_out(std::uint64_t sent) {
  resent_ = acknowledged_;
  lost_before_ = sent;
  probing_ = true;
  ++timeouts_;
}

/// Bytes acknowledged selectively after that one.
std::uint64_t LossRecovery::received_beyond(std::uint64_t sequence) const {
  std::uint64_t bytes = 0;
  for (auto at = received_.upper_bound(sequence); at != received_.end(); ++at) {
    bytes += at->second - at->first;
  }
  return bytes;
}

LossRecovery::Stretch LossRecovery::next() const {
  if (probing_ && resent_ > acknowledged_) return {};
  std::uint64_t begin = std::max(acknowledged_, resent_);
  auto after = received_.upper_bound(begin);
  if (after != received_.begin()) begin = std::max(begin, std::prev(after)->second);
  const bool missing = received_beyond(begin) > (kDuplicates - 1) * segment_;
  if (!missing && begin >= lost_before_) return {};
  std::uint64_t end = begin + segment_;
  if (after != received_.end()) end = std::min(end, after->first);
  if (!missing) end = std::min(end, lost_before_);
  return {begin, end};
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

}  // namespace copypath
