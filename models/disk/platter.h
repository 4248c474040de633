// The mechanics of a hard disk: an arm that has to move to the track, a platter that has to turn to
// the sector, and a rate at which sectors pass the head. Plain C++; everything follows from
// simulated time: the platter turns from time zero on, whether somebody reads or not.
// Left out: heads (a track holds what passes in one turn), zones (every track passes at the average
// rate), settling, spindle stops, defects. Tracks are skewed so that reading on costs no turn.
#pragma once

#include "models/platform/config.h"

namespace copypath {

class Platter {
public:
  explicit Platter(const DiskConfig& config);

  sc_time turn() const { return turn_; }
  Bytes track() const { return track_; }

  /// Moving the arm between the tracks of two positions: nothing on the same track; else the
  /// track-to-track time and a part that grows with the root of the distance, such that the mean
  /// over all pairs is the published average.
  sc_time seek(std::uint64_t from, std::uint64_t to) const;

  /// From `at` until the sector at `position` passes the head.
  sc_time rotation(std::uint64_t position, sc_time at) const;

  /// When what lies at [position, position + bytes) has been read, if that is asked for at `now`,
  /// the time at which the arm is free. After a read the head reads on into the drive's buffer.
  sc_time read(std::uint64_t position, Bytes bytes, sc_time now);
  /// The same for a write, which needs no buffer and leaves none.
  sc_time write(std::uint64_t position, Bytes bytes, sc_time now);

  /// Where the head is, or was going to read on.
  std::uint64_t position() const { return next_; }

private:
  /// Goes there and passes over the bytes.
  sc_time access(std::uint64_t position, Bytes bytes, sc_time now);
  /// When the head passes a position that is not behind it.
  sc_time passes(std::uint64_t position) const;

  sc_time turn_;
  Bytes track_;
  Rate rate_;
  sc_time track_seek_;
  sc_time average_seek_;
  std::uint64_t tracks_;
  Bytes buffer_;

  std::uint64_t next_ = 0;  // behind the last access; from there on, what the buffer holds
  std::uint64_t stream_position_ = 0;  // the head was there
  sc_time stream_time_;                // at that time, and reads on
  bool reads_on_ = false;
};

}  // namespace copypath
