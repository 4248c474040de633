// The fetches of a log broker (workload.kind = log_broker) as a list of requests, one for each:
// parts of segments, which are files. The connections are those of a file server, a thread for
// each, but every request travels, and a header comes before what is asked for. Left out:
// producers, waiting for records, readiness events.
#pragma once

#include "models/platform/config.h"

namespace copypath::native {

inline bool is_log_broker(const Config& config) {
  return config.workload.kind == WorkloadKind::kLogBroker;
}

/// With its fetches as workload.listed, if it is a log broker's scenario; else as it is.
Config with_fetches(Config config);

}  // namespace copypath::native
