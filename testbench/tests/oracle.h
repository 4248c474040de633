// The oracle: what each path must cost on any machine, as closed formulas of file size and chunk.
// One row per path; from the definition of the path, never from a run.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

/// What each path must cost: the oracle. Calls by name are per chunk or per fetch of a file.
struct Oracle {
  std::uint64_t cpu_copies;
  std::vector<std::string> calls_per_chunk;
  std::vector<std::string> calls_per_fetch;  ///< of a file that is not empty
  bool page_cache;    ///< the file goes through it
  bool by_reference;  ///< the socket gets references, and copies nothing itself
};
inline const std::map<std::string, Oracle> kOracle{
    {"read_write", {2, {"read", "write"}, {}, true, false}},
    {"mmap_write", {1, {"write"}, {"mmap", "munmap"}, true, false}},
    {"sendfile", {0, {"sendfile"}, {}, true, true}},
    {"splice", {0, {}, {}, true, true}},
    {"direct_write", {1, {"read", "write"}, {}, false, false}},
};

/// Calls of splice() for one file: in and out, as often as its 16-page pipe has to be filled. A
/// page entered in the middle takes a whole place in the pipe.
inline std::uint64_t splices(Bytes size, Bytes chunk) {
  std::uint64_t calls = 0;
  for (Bytes at; at < size; calls += 2) {
    at += std::min({chunk, size - at, kPageSize * 16 - at % kPageSize});
  }
  return calls;
}

/// System calls by name of a whole run.
inline std::map<std::string, std::uint64_t> calls_of(const std::string& path,
                                                     const WorkloadConfig& w) {
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  std::map<std::string, std::uint64_t> calls;
  if (w.file_size == Bytes(0)) return calls;
  const Oracle& oracle = kOracle.at(path);
  for (const auto& name : oracle.calls_per_chunk) {
    calls[name] = units_covering(w.file_size, w.chunk) * fetches;
  }
  for (const auto& name : oracle.calls_per_fetch) calls[name] = fetches;
  if (path == "splice") calls["splice"] = splices(w.file_size, w.chunk) * fetches;
  return calls;
}

}  // namespace copypath
