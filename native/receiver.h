// One client: takes what the server sends until the connection ends.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "models/platform/config.h"
#include "native/path.h"
#include "native/progress.h"

namespace copypath::native {

/// What a client does with the bytes.
enum class Sink {
  kDiscard,  ///< the kernel drops them (MSG_TRUNC): the sender's cost alone is seen
  kPoll,     ///< the same, by one that never sleeps: no send has to wake it
  kCopy,     ///< recv() into a buffer
  kCheck     ///< recv(), and every byte is compared with the file
};
/// What the scenario says that a client does.
Sink sink_of(copypath::Sink sink);

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

struct Received {
  std::uint64_t bytes = 0;  ///< as they came through the socket
  double finished = 0;      ///< when the last one came, in seconds of CLOCK_MONOTONIC
  bool intact = true;       ///< when checked: exactly the file, as often as it was asked for
  std::string problem;      ///< the first one
};

/// `client` is the number of this client. It hangs up after so many bytes, and says in `taken` how
/// many it has.
Received receive(int socket, Sink sink, Encoding encoding, const WorkloadConfig& work,
                 unsigned client, std::uint64_t hang_up_after, Progress::Taken& taken);

/// A consumer of a log broker: asks for one stretch of its log after the other, and takes a header
/// and the records.
Received fetch(int socket, Sink sink, const Config& config, unsigned client,
               Progress::Taken& taken);

}  // namespace copypath::native
