// The oracle: what each path must cost on any machine, as closed formulas of file size and chunk.
// One row per path; from the definition of the path, never from a run. How often a program reads
// completions depends on when they arrive: for those calls there are laws that tie them to others.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "models/kernel/zerocopy.h"
#include "models/ledger/result.h"
#include "models/nic/wire.h"
#include "models/platform/config.h"
#include "models/workload/buffer_ring.h"
#include "models/workload/local_origin.h"

namespace copypath {

/// What each path must cost: the oracle. Calls by name are per chunk or per fetch of a file.
struct Oracle {
  std::uint64_t cpu_copies;
  std::vector<std::string> calls_per_chunk;
  std::vector<std::string> calls_per_fetch;  ///< of a file that is not empty
  bool page_cache;                           ///< the file goes through it
  bool by_reference;  ///< the socket gets references, and copies nothing itself
  std::vector<std::string> calls_per_connection = {};  ///< that fetches anything
  bool notified = false;                               ///< sends are MSG_ZEROCOPY or SEND_ZC
  bool proxy = false;            ///< the bytes come from an origin, and not from the disk
  std::uint64_t cpu_crypto = 0;  ///< passes of encryption by the CPU
  bool tls = false;              ///< what is sent are records
  bool compress = false;         ///< what is sent, and copied the second time, is less
};
inline const std::map<std::string, Oracle> kOracle{
    {"read_write", {2, {"read", "write"}, {}, true, false}},
    {"mmap_write", {1, {"write"}, {"mmap", "munmap"}, true, false}},
    {"sendfile", {0, {"sendfile"}, {}, true, true}},
    {"splice", {0, {}, {}, true, true}},
    {"java_transfer_to", {0, {}, {}, true, true}},
    {"copy_via_buffered_stream", {3, {"write"}, {}, true, false}},
    {"direct_write", {1, {"read", "write"}, {}, false, false}},
    {"msg_zerocopy_mmap", {0, {"sendmsg"}, {"mmap", "munmap"}, true, true, {"setsockopt"}, true}},
    {"msg_zerocopy_read", {1, {"read", "sendmsg"}, {}, true, true, {"setsockopt"}, true}},
    {"direct_zc", {0, {"read", "sendmsg"}, {}, false, true, {"setsockopt"}, true}},
    {"vmsplice", {1, {"read"}, {}, true, true}},
    {"io_uring_zc",
     {0, {}, {}, false, true, {"io_uring_setup", "mmap", "mmap", "io_uring_register"}, true}},
    {"proxy_read_write", {2, {}, {"send"}, false, false, {}, false, true}},
    {"proxy_splice", {0, {}, {"send"}, false, true, {}, false, true}},
    {"user_tls", {2, {"read", "write"}, {}, true, false, {}, false, false, 1, true}},
    {"user_tls_mmap", {1, {"write"}, {"mmap", "munmap"}, true, false, {}, false, false, 1, true}},
    {"ktls_sendfile",
     {0, {"sendfile"}, {}, true, true, {"setsockopt", "setsockopt"}, false, false, 1, true}},
    {"ktls_write",
     {1, {"read", "write"}, {}, true, true, {"setsockopt", "setsockopt"}, false, false, 1, true}},
    {"compress_write", {2, {"read", "write"}, {}, true, false, {}, false, false, 0, false, true}},
};

/// What the NIC does for kTLS: nothing before Linux 4.18, nothing without all other offloads, and
/// from the pages themselves not before 5.19.
inline TlsOffload tls_offload_of(const Config& config) {
  const NicConfig& nic = config.nic;
  const bool able = nic.link != Link::kLoopback && nic.scatter_gather && nic.checksum_offload &&
                    nic.segmentation_offload;
  if (!able || config.kernel < KernelVersion{4, 18}) return TlsOffload::kNone;
  const bool zerocopy = nic.tls_offload == TlsOffload::kZerocopy;
  return zerocopy && config.kernel < KernelVersion{5, 19} ? TlsOffload::kBounce : nic.tls_offload;
}

/// The row of a path on that machine: who encrypts for the kernel, and from where.
inline Oracle oracle_of(const std::string& path, const Config& config) {
  Oracle row = kOracle.at(path);
  const TlsOffload offload = tls_offload_of(config);
  const bool kernel = path == "ktls_sendfile" || path == "ktls_write";
  if (!kernel || offload == TlsOffload::kNone) return row;
  row.cpu_crypto = 0;
  if (offload == TlsOffload::kZerocopy) {
    row.calls_per_connection.emplace_back("setsockopt");  // TLS_TX_ZEROCOPY_RO
  }
  const bool pages = path == "ktls_sendfile" && offload == TlsOffload::kZerocopy;
  if (!pages) ++row.cpu_copies;  // of the text, into the record
  return row;
}

/// Bytes of a whole run on a NIC that can do everything.
struct Traffic {
  std::uint64_t payload;  ///< of files
  std::uint64_t sent;     ///< what has become of it, without framing
  std::uint64_t framing;  ///< of TLS records: 22 bytes each, of which each call makes its own
  std::uint64_t copied;
  std::uint64_t crypto;
  std::uint64_t cores;  ///< what their passes move over the memory bus
};

/// The sum over the chunks of one file.
template <typename PerChunk>
std::uint64_t by_chunk(const WorkloadConfig& w, PerChunk per_chunk) {
  const Bytes rest = w.file_size % w.chunk;
  return w.file_size / w.chunk * per_chunk(w.chunk) + (rest == Bytes(0) ? 0 : per_chunk(rest));
}

/// Bytes of that movement; 0 if it did not happen.
inline std::uint64_t moved(const Result& result, const std::string& movement) {
  for (const MovementRecord& record : result.movements) {
    if (record.name == movement) return record.bytes;
  }
  return 0;
}

/// What a core's passes move that read and write so many bytes.
inline std::uint64_t passes(std::uint64_t bytes, const Config& config) {
  return bytes * (config.memory.write_allocate ? 3 : 2);
}

/// Real bytes leave what zlib leaves of them: what is sent is then taken from the run.
inline Traffic traffic_of(const Config& config, const Result& result) {
  const WorkloadConfig& w = config.workload;
  const Oracle row = oracle_of(result.path, config);
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  Traffic t{};
  t.payload = t.sent = w.file_size.count() * fetches;
  if (row.compress) {
    const auto left = [&](Bytes chunk) {
      const double exact = static_cast<double>(chunk.count()) * w.compress_ratio;
      return static_cast<std::uint64_t>(std::ceil(exact));
    };
    const bool real = w.data == Data::kBytes;
    t.sent = real ? moved(result, "copy_from_user") : by_chunk(w, left) * fetches;
  }
  const auto records = [](Bytes chunk) { return (chunk.count() + 16383) / 16384; };
  if (row.tls) t.framing = 22 * by_chunk(w, records) * fetches;
  t.copied = row.compress ? t.payload + t.sent : row.cpu_copies * t.payload;
  t.crypto = row.cpu_crypto * t.payload;
  t.cores = passes(t.copied + t.crypto, config);
  if (row.compress) t.cores += t.payload + passes(t.sent, config) - t.sent;
  return t;
}

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
/// packet for a NIC that cannot gather, and of what the socket has not copied for one that cannot
/// sum up; before, of what the socket would not have copied, for one that lacks either.
inline std::uint64_t copies_for_device(const std::string& path, const Config& config) {
  if (config.kernel >= since::kAlwaysGso && !config.nic.scatter_gather) return 1;
  const bool plain = !config.nic.scatter_gather || !config.nic.checksum_offload;
  return plain && kOracle.at(path).by_reference ? 1 : 0;
}

/// Calls of vmsplice() for one file: the pages of each buffer, as often as they fill the pipe.
inline std::uint64_t vmsplices(Bytes size, Bytes chunk, Bytes pipe) {
  const std::uint64_t whole = size / chunk;
  return whole * units_covering(chunk, pipe) + units_covering(size % chunk, pipe);
}

/// System calls by name of a whole run, as far as they are determined.
inline std::map<std::string, std::uint64_t> calls_of(const std::string& path,
                                                     const Config& config) {
  const WorkloadConfig& w = config.workload;
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  std::map<std::string, std::uint64_t> calls;
  if (w.file_size == Bytes(0)) return calls;
  const Oracle oracle = oracle_of(path, config);
  const std::uint64_t chunks = units_covering(w.file_size, w.chunk);
  for (const auto& name : oracle.calls_per_chunk) calls[name] += chunks * fetches;
  for (const auto& name : oracle.calls_per_fetch) calls[name] += fetches;
  for (const auto& name : oracle.calls_per_connection) calls[name] += w.clients;
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
  if (path == "vmsplice") {
    calls["vmsplice"] = calls["splice"] =
        vmsplices(w.file_size, w.chunk, config.pipe.size) * fetches;
  }
  if (path == "io_uring_zc") {
    // Each sends one batch while it reads the next; the last one only sends.
    calls["io_uring_enter"] = ((chunks - 1) / w.batch + 2) * fetches;
  }
  return calls;
}

inline std::uint64_t metric_of(const Result& result, const std::string& name) {
  return static_cast<std::uint64_t>(std::llround(*result.value(name)));
}

/// Takes the calls that MSG_ZEROCOPY adds out of `calls`, and checks the laws that they obey.
inline void expect_completion_reads(const Config& config, const Result& result,
                                    std::map<std::string, std::uint64_t>& calls) {
  const WorkloadConfig& w = config.workload;
  const std::uint64_t chunks = units_covering(w.file_size, w.chunk);
  const std::uint64_t sends = chunks * w.clients * w.requests;
  const bool from_file = result.path == "msg_zerocopy_mmap";
  const std::uint64_t ring = from_file ? chunks : BufferRing::buffers(config);
  const std::uint64_t completed = metric_of(result, "zerocopy_completions");
  const std::uint64_t refused = metric_of(result, "zerocopy_refused");
  const std::uint64_t outstanding = std::min(chunks, ring);  // at most, of a connection
  if (Zerocopy::kNotificationSize * outstanding <= config.socket.optmem) {
    EXPECT_EQ(refused, 0U);
  }
  if (sends > 0) calls["sendmsg"] -= refused;  // each was tried again
  // Whoever needs a buffer, or another request, has waited; the run ends with the last byte, before
  // its acknowledgement.
  EXPECT_LE(completed, sends);
  EXPECT_GE(completed + w.clients * outstanding, sends);
  // Every read of the error queue follows a wait for it, and finds at least one completion.
  const std::uint64_t polls = calls["poll"];
  const std::uint64_t reads = calls["recvmsg"];
  EXPECT_LE(reads, polls);
  EXPECT_LE(polls, reads + w.clients);
  EXPECT_LE(reads, completed);
  if (sends > 0) {
    EXPECT_GE(reads, std::uint64_t{w.clients} * (w.requests - 1));
  }
  calls.erase("poll");
  calls.erase("recvmsg");
}

/// Copies of every byte by the cores, the receiver's and the origin's on the same machine included.
inline std::uint64_t copies_of(const std::string& path, const Config& config) {
  const Oracle oracle = oracle_of(path, config);
  if (config.nic.link != Link::kLoopback) {
    return oracle.cpu_copies + copies_for_device(path, config);
  }
  // What is sent without a copy, with a notification, is copied for a receiver on this machine.
  return oracle.cpu_copies + (oracle.notified ? 1 : 0) + (oracle.proxy ? 1 : 0) +
         (config.workload.sink == Sink::kCopy ? 1 : 0);
}

/// DMA transfers of every byte that is not in the page cache: in, from the disk or an origin, and
/// out on the wire. On loopback an origin's come without.
inline std::uint64_t dma_of(const Config& config) {
  return config.nic.link == Link::kLoopback ? 1 : 2;
}

/// How often a proxy calls depends on how much has arrived when it does, within bounds. Each round
/// takes all that it asks for, or as many frames as the pipe has buffers (splice), or empties the
/// queue, which then ends with a packet of the origin's; a packet is at least one frame, or half
/// the receive buffer. On loopback a send() of the origin's makes at most two of them, in memory of
/// 32 KiB.
struct Rounds {
  std::uint64_t least;
  std::uint64_t most;
};
inline Rounds rounds_of(const std::string& path, const Config& config) {
  const WorkloadConfig& w = config.workload;
  const Bytes segment = segment_size(config.nic);
  const Bytes packet = std::min(segment, Bytes(config.socket.receive_buffer.count() / 2));
  const std::uint64_t whole_chunks = w.file_size / w.chunk;
  const bool loopback = config.nic.link == Link::kLoopback;
  const std::uint64_t packets = loopback ? 2 * units_covering(w.file_size, LocalOrigin::kBuffer)
                                         : units_covering(w.file_size, packet);
  if (path == "proxy_read_write") {
    return {units_covering(w.file_size, w.chunk), whole_chunks + packets};
  }
  const std::uint64_t buffers = config.pipe.size / kPageSize;
  const std::uint64_t pieces =
      packets + w.file_size / (loopback ? PageFragment::kSize : segment) + whole_chunks;
  return {units_covering(w.file_size, std::min(w.chunk, segment * buffers)),
          whole_chunks + pieces / buffers + packets};
}

/// Takes the calls of a proxy's rounds out of `calls`, and checks that there are as many as can be.
inline void expect_rounds(const Config& config, const Result& result,
                          std::map<std::string, std::uint64_t>& calls) {
  const WorkloadConfig& w = config.workload;
  const std::uint64_t fetches = std::uint64_t{w.clients} * w.requests;
  const bool splices = result.path == "proxy_splice";
  const std::uint64_t rounds = splices ? calls["splice"] / 2 : calls["recv"];
  const Rounds expected = rounds_of(result.path, config);
  EXPECT_GE(rounds, expected.least * fetches);
  EXPECT_LE(rounds, expected.most * fetches);
  if (splices) {
    EXPECT_EQ(calls["splice"] % 2, 0U);
  } else {
    EXPECT_EQ(calls["send"], rounds + fetches) << "one for each recv(), and the request";
    calls["send"] = fetches;
  }
  calls.erase(splices ? "splice" : "recv");
}

/// The system calls of a run: exact by name, and the laws of those that depend on time.
inline void expect_calls(const Config& config, const Result& result) {
  const WorkloadConfig& w = config.workload;
  const Oracle& oracle = kOracle.at(result.path);
  const std::uint64_t chunks = units_covering(w.file_size, w.chunk);
  std::map<std::string, std::uint64_t> calls = result.syscalls;
  if (oracle.notified && result.path != "io_uring_zc") {
    expect_completion_reads(config, result, calls);
  } else {
    EXPECT_EQ(metric_of(result, "zerocopy_refused"), 0U);
  }
  if (result.path == "io_uring_zc") {
    const std::uint64_t completed = metric_of(result, "zerocopy_completions");
    EXPECT_LE(completed, chunks * w.clients * w.requests);
    EXPECT_GE(completed + w.clients * std::min<std::uint64_t>(w.batch, chunks),
              chunks * w.clients * w.requests);
  }
  if (!oracle.notified) {
    EXPECT_EQ(metric_of(result, "zerocopy_completions"), 0U);
  }
  if (config.nic.link == Link::kLoopback) {
    EXPECT_EQ(metric_of(result, "zerocopy_copied"), metric_of(result, "zerocopy_completions"));
  }
  if (result.path == "vmsplice") {
    // One question when a buffer's turn comes again, and one more after each sleep.
    const std::uint64_t uses = chunks * w.requests;
    const std::uint64_t ring = BufferRing::buffers(config);
    EXPECT_EQ(calls["ioctl"], (uses - std::min(uses, ring)) * w.clients + calls["clock_nanosleep"]);
    calls.erase("ioctl");
    calls.erase("clock_nanosleep");
  }
  if (oracle.proxy && w.file_size > Bytes(0)) expect_rounds(config, result, calls);
  EXPECT_EQ(calls, calls_of(result.path, config));
}

}  // namespace copypath
