// What the tests of the native runner share: scenarios and options in few words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/platform/config.h"
#include "native/path.h"
#include "native/runner.h"

namespace copypath::native {

/// All that send to clients.
inline std::vector<const Path*> all() {
  std::vector<const Path*> senders;
  for (const Path* path : paths()) {
    if (!path->local) senders.push_back(path);
  }
  return senders;
}

inline std::vector<const Path*> only(const std::string& name) { return {find_path(name)}; }

inline Config config_of(std::uint64_t size, std::uint64_t chunk, double warm = 1) {
  Config config;
  config.workload.file_size = Bytes(size);
  config.workload.chunk = Bytes(chunk);
  config.page_cache.warm = warm;
  return config;
}

inline Options checked_once() {
  Options options;
  options.repeat = 1;
  options.sink = Sink::kCheck;
  return options;
}

inline std::uint64_t covering(std::uint64_t n, std::uint64_t unit) { return (n + unit - 1) / unit; }

}  // namespace copypath::native
