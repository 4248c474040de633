// One client's connection as a server thread sees it: what a path has in its hands. The clock of
// the measurement runs from the first next_request() to the last, so that what a path prepares
// before its loop (buffers, pipes, keys) and gives back after it does not count.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "models/platform/config.h"
#include "models/workload/requests.h"
#include "native/calls.h"
#include "native/progress.h"

namespace copypath::native {

/// Where the threads of a run wait until all of them are ready.
class StartGate {
public:
  explicit StartGate(unsigned threads) : missing_(threads) {}
  void arrive();           ///< without waiting: this thread will not start
  void arrive_and_wait();  ///< until all have arrived

private:
  std::mutex mutex_;
  std::condition_variable opened_;
  unsigned missing_;
};

/// What a thread has used, and when. Differences are what a run cost.
struct Usage {
  double time = 0;  ///< seconds of CLOCK_MONOTONIC, which all processes share
  double cpu = 0;   ///< seconds of CLOCK_THREAD_CPUTIME_ID
  std::uint64_t context_switches = 0;
  std::uint64_t faults_minor = 0;
  std::uint64_t faults_major = 0;

  static Usage now();  ///< of this thread
};

/// Seconds of CLOCK_MONOTONIC.
double monotonic_seconds();

/// Keeps the processor busy for that long.
void spin_for(double seconds);
/// The pauses in which a receiver that never sleeps looks again.
constexpr double kLookAgain = 3e-6;  // seconds

/// What MSG_ZEROCOPY and IORING_OP_SEND_ZC report.
struct Notifications {
  std::uint64_t sends = 0;    ///< sends that the kernel has reported as completed
  std::uint64_t copied = 0;   ///< of these, those whose bytes it has copied after all
  std::uint64_t refused = 0;  ///< sends for which it had no memory (ENOBUFS), tried again
};

struct Connection {
  Connection(const Config& scenario, const Requests& wanted, unsigned client)
      : config(scenario), requests(wanted), number(client) {}

  const Config& config;
  const Requests& requests;
  unsigned number;      ///< of the client
  int socket = -1;      ///< none for a program that reads for itself
  int file = -1;        ///< what the client asked for: a file or, for a proxy, a socket
  bool direct = false;  ///< the file has been opened with O_DIRECT
  std::uint64_t size = config.workload.file_size.count();  ///< of the file
  struct File {
    int descriptor;
    std::uint64_t size;
  };
  std::map<std::uint32_t, File> files;  ///< all that the client asks for, by number; not a proxy's
  std::uint64_t chunk = config.workload.chunk.count();  ///< how much to ask for per system call

  std::uint64_t position = 0;  ///< in the file, of the next byte to send
  std::uint64_t begin = 0;     ///< of the request
  std::uint64_t end = 0;
  std::uint64_t before_request = 0;  ///< bytes of the requests before
  Calls calls;
  Notifications notifications;

  std::uint64_t left() const { return end - position; }
  std::size_t next_chunk() const { return left() < chunk ? left() : chunk; }
  /// What to ask a file for that should give so many bytes into a buffer of that size: whole blocks
  /// with O_DIRECT, also where the file ends within one.
  std::size_t read_size(std::uint64_t bytes, std::size_t buffer) const;
  std::size_t next_read() const { return read_size(left(), chunk); }

  /// Turns to the next request, at its first byte. False after the last one.
  /// A log broker receives it first, and sends the header of its answer.
  bool next_request();

  /// A proxy's request for the file. Nobody asks for an empty one.
  void ask_origin();

  /// Throws Disconnected if the run has been given up. For those whom no closed socket tells.
  void stop_if_given_up() const;
  /// The same if the client has gone. For those who wait for it without a call on the socket.
  void stop_if_hung_up() const;

  /// Bytes that the client has been sent up to the present position, headers included.
  std::uint64_t in_stream() const {
    return before_request + header.size() * served + position - begin;
  }

  std::uint64_t total() const { return requests.total(number).count(); }  ///< bytes of all requests
  std::uint64_t pages() const;  ///< in which these lie, request by request

  std::vector<std::uint8_t> header;  ///< of a log broker's answers
  StartGate* gate = nullptr;
  const Progress::Taken* taken = nullptr;       ///< by the client, of the bytes in the stream
  const std::atomic<bool>* given_up = nullptr;  ///< the run
  bool checked = false;        ///< a program that reads for itself compares every byte,
  bool intact = true;          ///< with this outcome
  std::uint64_t added_up = 0;  ///< bytes that it has read
  bool started = false;        ///< has passed the gate
  bool finished = false;       ///< has served all requests
  unsigned served = 0;
  Usage before;  ///< at the first request
  Usage after;   ///< when the last one had been served
};

}  // namespace copypath::native
