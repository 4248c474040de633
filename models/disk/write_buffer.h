// The memory of a drive in which writes are acknowledged before the media have them. Plain C++:
// it drains at the rate that the media sustain, from the moment at which something is in it.
#pragma once

#include <algorithm>

#include "models/units.h"

namespace copypath {

class WriteBuffer {
public:
  WriteBuffer(Bytes size, Rate drain) : size_(size), drain_(drain) {}

  /// Takes room for `bytes`. Returns when there is that much, at `now` or later; a write larger
  /// than the buffer waits until it is empty.
  sc_time take(Bytes bytes, sc_time now) {
    // It is empty at `empty_`, and holds at most size - bytes from `full` before that on.
    const Bytes most = bytes < size_ ? size_ - bytes : Bytes(0);
    const sc_time slack = most / drain_;
    const sc_time room = empty_ > now + slack ? empty_ - slack : now;
    empty_ = std::max(empty_, room) + bytes / drain_;
    return room;
  }

  /// When the media have all that was taken so far.
  sc_time empty() const { return empty_; }

private:
  Bytes size_;
  Rate drain_;
  sc_time empty_;
};

}  // namespace copypath
