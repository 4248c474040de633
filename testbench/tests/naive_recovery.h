// Loss recovery as it is written down, for tests: every segment has a state, and every question is
// answered by looking at all of them. Segments are whole: nothing begins or ends within one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/nic/wire.h"

namespace copypath {

class NaiveRecovery {
public:
  NaiveRecovery(std::uint64_t segment, std::size_t segments) : segment_(segment), all_(segments) {}

  void acknowledge(std::uint64_t sequence, const Sack& sack) {
    bool news = false;
    const auto there = [&](std::uint64_t begin, std::uint64_t end) {
      for (std::uint64_t at = begin; at < end; at += segment_) {
        news = news || !one(at).there;
        one(at).there = true;
      }
    };
    there(0, sequence);
    acknowledged_ = std::max(acknowledged_, sequence);
    for (unsigned i = 0; i < sack.count; ++i) there(sack.blocks[i].begin, sack.blocks[i].end);
    if (!news) return;
    asks_ = false;
    judge();
  }

  /// All is lost that is not known to be there; one segment asks.
  void time_out(std::uint64_t sent) {
    for (Segment& segment : all_) segment.order = 0;
    lost_before_ = sent;
    asks_ = true;
    asked_ = false;
  }

  /// The number of the segment to be sent again now; -1: none.
  long next() const {
    if (asks_ && asked_) return -1;
    const std::uint64_t first = acknowledged_ / segment_;
    for (std::uint64_t i = first; i < all_.size(); ++i) {
      if (all_[i].there || all_[i].order > 0) continue;
      std::uint64_t beyond = 0;
      for (std::uint64_t j = i + 1; j < all_.size(); ++j) beyond += all_[j].there ? 1 : 0;
      const bool recovers = acknowledged_ < recovers_to_;
      const bool lost = beyond > 2 || (recovers && beyond > 0) || i * segment_ < lost_before_;
      return lost ? static_cast<long>(i) : -1;
    }
    return -1;
  }

  void sent_again(std::uint64_t number, std::uint64_t sent) {
    all_[number].order = ++orders_;
    all_[number].sent = sent;
    if (acknowledged_ >= recovers_to_) recovers_to_ = sent;
    asked_ = true;
  }
  /// The last one, to find out.
  void probed(std::uint64_t number, std::uint64_t sent) {
    all_[number].order = ++orders_;
    all_[number].sent = sent;
  }

  std::uint64_t delivered() const {
    std::uint64_t segments = 0;
    for (const Segment& segment : all_) segments += segment.there ? 1 : 0;
    return segments * segment_;
  }

private:
  struct Segment {
    bool there = false;
    std::uint64_t order = 0;  ///< in which it was sent again and is on its way; 0: it is not
    std::uint64_t sent = 0;   ///< for the first time, by then
  };

  Segment& one(std::uint64_t byte) { return all_[byte / segment_]; }

  void judge() {
    std::uint64_t highest = 0;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].there) highest = (i + 1) * segment_;
    }
    std::uint64_t arrived = 0;  // the last one that has
    for (const Segment& segment : all_) {
      if (segment.order == 0) continue;
      if (segment.there) lost_before_ = std::max(lost_before_, segment.sent);
      if (segment.there || segment.sent < highest) arrived = std::max(arrived, segment.order);
    }
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].order == 0 || all_[i].order > arrived) continue;
      all_[i].order = 0;
      if (!all_[i].there) lost_before_ = std::max(lost_before_, (i + 1) * segment_);
    }
  }

  std::uint64_t segment_;
  std::vector<Segment> all_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t recovers_to_ = 0;
  std::uint64_t lost_before_ = 0;
  std::uint64_t orders_ = 0;
  bool asks_ = false;   // since a timeout nothing has come
  bool asked_ = false;  // and a segment is on its way again
};

}  // namespace copypath
