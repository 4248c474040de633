// What a client asks for, one request after the other: whole files, ranges of one that follow one
// another or begin at random pages, or what a list says. Both sides work it out for themselves, so
// no request travels but the fact that there is one.
#pragma once

#include "models/disk/media.h"
#include "models/platform/config.h"
#include "models/workload/request_list.h"

namespace copypath {

/// Bytes [offset, offset + bytes) of a file.
struct Request {
  Bytes offset;
  Bytes bytes;
  std::uint32_t file = 0;
  sc_time time{};  ///< when it reaches the server, at the earliest
};

/// Bytes of every request for files of that size.
Bytes request_size(const WorkloadConfig& config, Bytes file_size);

/// The request of that number, from 0, for the client's own file.
Request request_of(const WorkloadConfig& config, Bytes file_size, unsigned client,
                   std::uint64_t number);

/// The most that one request asks for.
Bytes largest_request(const WorkloadConfig& config);

/// The requests of all clients of a workload.
class Requests {
public:
  Requests(WorkloadConfig config, const Media& media);

  std::uint64_t count(unsigned client) const;
  /// The client's request of that number, from 0.
  Request at(unsigned client, std::uint64_t number) const;
  /// What the client asks for in all, and all of them together.
  Bytes total(unsigned client) const;
  Bytes total() const;

private:
  WorkloadConfig config_;
  std::uint32_t files_;
  Bytes file_size_;  ///< where all files have one
};

}  // namespace copypath
