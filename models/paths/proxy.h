// What the paths of a proxy have in common: the bytes come from an origin, over the same NIC.
#pragma once

#include <string>

#include "models/paths/path.h"
#include "models/workload/connection.h"

namespace copypath {

/// Sends the origin a request for the file. Nobody asks for an empty one: there would be no
/// payload.
inline void ask_origin(Connection& c) {
  if (c.file.size == Bytes(0)) return;
  const SystemCall send(c.kernel, c.task, Call::kSend);
  c.upstream->send_request(c.task);
}

inline std::string needs_origin(const Config& config) {
  if (config.workload.range != Bytes(0)) {
    return "fetches whole files, accepted: workload.range = whole_file";
  }
  if (config.nic.link != Link::kLoopback) return "";
  return "fetches from an origin at the other end of a wire, which nic.link = loopback has not; "
         "choose nic.link = ethernet, or a path that reads files";
}

}  // namespace copypath
