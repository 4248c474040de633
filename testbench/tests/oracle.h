// The oracle: what each path must cost on any machine, as closed formulas of file size and chunk.
// One row per path; from the definition of the path, never from a run.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "models/ledger/result.h"
#include "models/nic/wire.h"
#include "models/platform/config.h"

namespace copypath {

/// What each path must cost: the oracle. Calls by name are per chunk or per fetch of a file.
struct Oracle {
  std::uint64_t cpu_copies;
  std::vector<std::string> calls_per_chunk;
  std::vector<std::string> calls_per_fetch;  ///< of a file that is not empty
  bool page_cache;                           ///< the file goes through it
  bool by_reference;   ///< the socket gets references, and copies nothing itself
  bool proxy = false;  ///< the bytes come from an origin, and not from the disk
};
inline const std::map<std::string, Oracle> kOracle{
    {"read_write", {2, {"read", "write"}, {}, true, false}},
    {"mmap_write", {1, {"write"}, {"mmap", "munmap"}, true, false}},
    {"sendfile", {0, {"sendfile"}, {}, true, true}},
    {"splice", {0, {}, {}, true, true}},
    {"direct_write", {1, {"read", "write"}, {}, false, false}},
    {"proxy_read_write", {2, {}, {"send"}, false, false, true}},
    {"proxy_splice", {0, {}, {"send"}, false, true, true}},
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

/// Copies of every byte by the cores, the receiver's on the same machine included.
inline std::uint64_t copies_of(const std::string& path, const Config& config) {
  const bool copied = config.nic.link == Link::kLoopback && config.workload.sink == Sink::kCopy;
  return kOracle.at(path).cpu_copies + (copied ? 1 : 0);
}

/// DMA transfers of every byte that is not in the page cache: in, and out on the wire.
inline std::uint64_t dma_of(const Config& config) {
  return config.nic.link == Link::kLoopback ? 1 : 2;
}

/// How often a proxy calls depends on how much has arrived when it does, within bounds. Each round
/// takes all that it asks for, or 16 frames (splice), or empties the queue, which then ends with a
/// packet of the origin's; a packet is at least one frame, or half the receive buffer.
struct Rounds {
  std::uint64_t least;
  std::uint64_t most;
};
inline Rounds rounds_of(const std::string& path, const Config& config) {
  const WorkloadConfig& w = config.workload;
  const Bytes segment = segment_size(config.nic);
  const Bytes packet = std::min(segment, Bytes(config.socket.receive_buffer.count() / 2));
  const std::uint64_t whole_chunks = w.file_size / w.chunk;
  const std::uint64_t packets = units_covering(w.file_size, packet);
  if (path == "proxy_read_write") {
    return {units_covering(w.file_size, w.chunk), whole_chunks + packets};
  }
  const std::uint64_t pieces = packets + w.file_size / segment + whole_chunks;
  return {units_covering(w.file_size, std::min(w.chunk, segment * 16)),
          whole_chunks + pieces / 16 + packets};
}

/// What is wrong with the system calls of a run, or "".
inline std::string wrong_calls(const Result& result, const Config& config) {
  const WorkloadConfig& w = config.workload;
  auto calls = calls_of(result.path, w);
  if (kOracle.at(result.path).proxy && w.file_size > Bytes(0)) {
    const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
    const bool splices = result.path == "proxy_splice";
    const auto in = result.syscalls.find(splices ? "splice" : "recv");
    const std::uint64_t found = in == result.syscalls.end() ? 0 : in->second;
    const std::uint64_t rounds = splices ? found / 2 : found;
    const Rounds expected = rounds_of(result.path, config);
    if (rounds < expected.least * fetches || rounds > expected.most * fetches) {
      return std::to_string(rounds) + " rounds, not " + std::to_string(expected.least * fetches) +
             " to " + std::to_string(expected.most * fetches);
    }
    calls[splices ? "splice" : "recv"] = splices ? 2 * rounds : rounds;
    if (!splices) calls["send"] += rounds;  // one for each recv()
  }
  if (result.syscalls == calls) return "";
  std::string text = "expected";
  for (const auto& [name, n] : calls) text += " " + name + " " + std::to_string(n);
  text += ", found";
  for (const auto& [name, n] : result.syscalls) text += " " + name + " " + std::to_string(n);
  return text;
}

}  // namespace copypath
