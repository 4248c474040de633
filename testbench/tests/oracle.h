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
  bool page_cache;                           ///< the file goes through it
  bool by_reference;  ///< the socket gets references, and copies nothing itself
};
inline const std::map<std::string, Oracle> kOracle{
    {"read_write", {2, {"read", "write"}, {}, true, false}},
    {"mmap_write", {1, {"write"}, {"mmap", "munmap"}, true, false}},
    {"sendfile", {0, {"sendfile"}, {}, true, true}},
    {"splice", {0, {}, {}, true, true}},
    {"java_transfer_to", {0, {}, {}, true, true}},
    {"copy_via_buffered_stream", {3, {"write"}, {}, true, false}},
    {"direct_write", {1, {"read", "write"}, {}, false, false}},
};

/// Calls of splice() for one file: in and out, as often as its pipe has to be filled. A page of the
/// cache that is entered in the middle takes a whole place in the pipe.
inline std::uint64_t splices(Bytes size, Bytes chunk, Bytes pipe, bool by_page) {
  std::uint64_t calls = 0;
  for (Bytes at; at < size; calls += 2) {
    at += std::min({chunk, size - at, pipe - (by_page ? at % kPageSize : Bytes(0))});
  }
  return calls;
}

/// The copies that a path makes besides, because the NIC lacks something: since 4.17 of every
/// packet for a NIC that cannot gather; before, of what the socket would not have copied, for one
/// that cannot gather or sum up.
inline std::uint64_t copies_for_device(const std::string& path, const Config& config) {
  if (config.kernel >= since::kAlwaysGso) return config.nic.scatter_gather ? 0 : 1;
  const bool plain = !config.nic.scatter_gather || !config.nic.checksum_offload;
  return plain && kOracle.at(path).by_reference ? 1 : 0;
}

/// System calls by name of a whole run.
inline std::map<std::string, std::uint64_t> calls_of(const std::string& path,
                                                     const Config& config) {
  const WorkloadConfig& w = config.workload;
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  std::map<std::string, std::uint64_t> calls;
  if (w.file_size == Bytes(0)) return calls;
  const Oracle& oracle = kOracle.at(path);
  for (const auto& name : oracle.calls_per_chunk) {
    calls[name] = units_covering(w.file_size, w.chunk) * fetches;
  }
  for (const auto& name : oracle.calls_per_fetch) calls[name] = fetches;
  if (path == "splice") {
    const bool by_page = w.open == FileSource::kBuffered;
    calls["splice"] = splices(w.file_size, w.chunk, config.pipe.size, by_page) * fetches;
  }
  if (path == "java_transfer_to") {
    calls["sendfile"] = units_covering(w.file_size, Bytes(0x7ffff000)) * fetches;
  }
  if (path == "copy_via_buffered_stream") {
    calls["read"] = units_covering(w.file_size, w.stream_buffer) * fetches;
  }
  return calls;
}

}  // namespace copypath
