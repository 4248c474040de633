// What the paths of a proxy have in common: the bytes come from an origin, over the same NIC, or
// from a program on the same machine.
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
  return "";
}

}  // namespace copypath
