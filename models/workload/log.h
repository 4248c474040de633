// The logs of a broker, as Kafka keeps them: each partition is a log, to whose end records are
// appended, cut into segments of one size, which are files; and who fetches which part of them.
// What was there at the beginning is as long as the clients that lag have to catch up.
#pragma once

#include <memory>

#include "models/platform/config.h"
#include "models/workload/request_list.h"

namespace copypath {

class LogLayout {
public:
  explicit LogLayout(const Config& config);

  unsigned logs() const { return logs_; }
  Bytes segment() const { return segment_; }
  unsigned segments() const { return segments_; }  ///< of a log
  std::uint32_t files() const { return logs_ * segments_; }
  /// Of a log: when the run begins, and in the end.
  Bytes at_first() const { return at_first_; }
  Bytes in_the_end() const { return in_the_end_; }

  /// Where a byte of a log lies.
  std::uint32_t file(unsigned log, Bytes at) const {
    return log * segments_ + static_cast<std::uint32_t>(at / segment_);
  }
  Bytes begin_of(std::uint32_t file) const { return segment_ * (file % segments_); }
  /// How much of a file there is when the log is so long.
  Bytes size_of(std::uint32_t file, Bytes log) const;

  /// Whose log a client reads, or a producer writes: several share one in turn.
  unsigned log_of(std::uint32_t client) const { return client % logs_; }

private:
  unsigned logs_;
  Bytes segment_;
  Bytes at_first_;
  Bytes in_the_end_;
  unsigned segments_;
};

/// What a batch of a producer takes in the log: less, if the broker compresses it.
Bytes batch_in_log(const Config& config);

/// For every client the parts of segments that it will have fetched in the end.
std::shared_ptr<const RequestList> fetches_of(const Config& config);

}  // namespace copypath
