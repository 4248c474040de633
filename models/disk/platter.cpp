#include "models/disk/platter.h"

#include <algorithm>
#include <cmath>

namespace copypath {

Platter::Platter(const DiskConfig& config)
    : turn_(sc_time::from_value(static_cast<sc_dt::uint64>(std::llround(60e12 / config.rpm)))),
      track_(static_cast<std::uint64_t>(
          std::llround(config.bandwidth.bytes_per_second() * turn_.to_seconds()))),
      rate_(config.bandwidth),
      track_seek_(config.track_seek),
      average_seek_(config.seek),
      tracks_(std::max<std::uint64_t>(1, units_covering(config.capacity, track_))),
      buffer_(config.buffer) {}

sc_time Platter::seek(std::uint64_t from, std::uint64_t to) const {
  const std::uint64_t a = from / track_.count();
  const std::uint64_t b = to / track_.count();
  if (a == b) return sc_core::SC_ZERO_TIME;
  const double distance = static_cast<double>(std::max(a, b) - std::min(a, b));
  const double share = distance / static_cast<double>(tracks_);
  // The mean of the root of the distance between two random points of a unit stroke is 8/15.
  return track_seek_ + (average_seek_ - track_seek_) * (15.0 / 8 * std::sqrt(share));
}

sc_time Platter::rotation(std::uint64_t position, sc_time at) const {
  const sc_dt::uint64 turn = turn_.value();
  const double share =
      static_cast<double>(position % track_.count()) / static_cast<double>(track_.count());
  const auto wanted = static_cast<sc_dt::uint64>(std::llround(share * static_cast<double>(turn)));
  return sc_time::from_value((wanted + turn - at.value() % turn) % turn);
}

sc_time Platter::passes(std::uint64_t position) const {
  return stream_time_ + Bytes(position - stream_position_) / rate_;
}

sc_time Platter::access(std::uint64_t position, Bytes bytes, sc_time now) {
  const sc_time there = now + seek(next_, position);
  next_ = stream_position_ = position + bytes.count();
  stream_time_ = there + rotation(position, there) + bytes / rate_;
  return stream_time_;
}

sc_time Platter::read(std::uint64_t position, Bytes bytes, sc_time now) {
  if (!reads_on_ || position != next_) {
    reads_on_ = true;
    return access(position, bytes, now);
  }
  const std::uint64_t full = next_ + buffer_.count();
  if (now > passes(full)) {  // the head has stopped there; now there is room, and it waits
    stream_position_ = full;
    stream_time_ = now + rotation(full, now);
  }
  next_ = position + bytes.count();
  return next_ <= stream_position_ ? now : std::max(now, passes(next_));
}

sc_time Platter::write(std::uint64_t position, Bytes bytes, sc_time now) {
  const bool goes_on = !reads_on_ && position == next_ && now == stream_time_;
  reads_on_ = false;
  if (!goes_on) return access(position, bytes, now);
  next_ = stream_position_ = position + bytes.count();
  return stream_time_ += bytes / rate_;
}

}  // namespace copypath
