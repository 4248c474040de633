// What a client asks for, one request after the other: whole files, or ranges of one that follow
// one another or begin at random pages. Both sides work it out for themselves, so no request
// travels but the fact that there is one.
#pragma once

#include "models/platform/config.h"

namespace copypath {

/// Bytes [offset, offset + bytes) of the client's file.
struct Request {
  Bytes offset;
  Bytes bytes;
};

/// Bytes of every request for files of that size.
Bytes request_size(const WorkloadConfig& config, Bytes file_size);

/// The request of that number, from 0.
Request request_of(const WorkloadConfig& config, Bytes file_size, unsigned client,
                   std::uint64_t number);

}  // namespace copypath
