// The out-of-order queue of a client's socket (tcp_ofo_queue()): what has come beyond a gap is kept
// until the gap is filled, what has come twice is dropped. It holds no more than the window.
#pragma once

#include <map>

#include "models/nic/wire.h"

namespace copypath {

class Reassembly {
public:
  /// Takes bytes of the stream from `sequence` on, of which all before `next` is there. Appends to
  /// `ready` what follows `next` now.
  void take(std::uint64_t next, std::uint64_t sequence, const Content& content, Content& ready);

  /// What is held, the part that came last first (RFC 2018).
  Sack sack() const;
  bool empty() const { return held_.empty(); }

private:
  void hold(std::uint64_t begin, std::uint64_t sequence, std::uint64_t end, const Content& content);

  std::map<std::uint64_t, Content> held_;  // apart from each other, by sequence
  Sack::Recent recent_{};
};

}  // namespace copypath
