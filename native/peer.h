// The process at the other end of the connections: the clients, and the origin of a proxy. It is
// started once, runs on a processor of its own, and ends with its parent.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>

#include "native/input_files.h"
#include "native/network.h"
#include "native/progress.h"
#include "native/receiver.h"

namespace copypath::native {

/// One run, as the server asks for it.
struct PeerRun {
  std::uint16_t port = 0;  ///< of the server
  bool proxied = false;    ///< the server will come back for the file, once for each client
  Encoding encoding = Encoding::kPlain;
  std::uint64_t hang_up_after = kNever;  ///< bytes that each client receives before it goes
};

/// What the process says when it has started.
struct PeerStart {
  std::uint16_t origin_port = 0;
  std::array<char, 200> problem{};
};

/// What became of it.
struct PeerReport {
  std::uint64_t received = 0;  ///< by all clients
  double finished = 0;         ///< when the last byte came, in seconds of CLOCK_MONOTONIC
  bool intact = true;          ///< when checked: all got exactly what they asked for
  std::array<char, 200> problem{};
};

class Peer {
public:
  /// Starts it. To be called while this process has only one thread. If this process dies, the
  /// other one calls `on_orphaned` before it ends. Throws MachineLacks.
  Peer(const Config& config, const InputFiles& files, const Network& network, Sink sink,
       int processor, const std::function<void()>& on_orphaned);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// The port to fetch files from.
  std::uint16_t origin_port() const { return origin_port_; }

  int process() const { return process_; }

  /// What that client has taken of the present run's bytes.
  const Progress::Taken& taken(std::size_t client) const { return progress_.of(client); }

  void begin(const PeerRun& run) const;

  /// Waits for the end of the run. Throws std::runtime_error if the process has died.
  PeerReport report() const;

private:
  void wait_until_ready();
  void end();

  std::size_t clients_;
  Progress progress_;
  Descriptor control_;
  std::uint16_t origin_port_ = 0;
  pid_t process_ = -1;
};

}  // namespace copypath::native
