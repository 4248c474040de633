// The server of the runs: a thread for each client, each serving its client down one path. It
// measures what the threads use between their first request and their last.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/ledger/result.h"
#include "models/platform/config.h"
#include "native/input_files.h"
#include "native/path.h"
#include "native/peer.h"
#include "native/processors.h"
#include "native/tcp.h"

namespace copypath::native {

/// One run of one path.
struct Sample {
  Result result;
  InputFiles::Residency residency;  ///< before the run
  std::string unsupported;          ///< why the path cannot run here; empty if it can
  std::string problem;              ///< why not everything was delivered
  std::uint64_t received = 0;       ///< bytes that came through the clients' sockets
};

class Server {
public:
  /// Sets up its end of the network. `pace` holds the connections to nic.rate; programs that read
  /// for themselves compare every byte if `checked`. Throws MachineLacks.
  Server(const Config& config, const InputFiles& files, const Network& network, const Peer& peer,
         bool pace, bool checked);

  /// Runs a path once. Throws Interrupted when `interrupted` returns true, after all threads have
  /// ended, and MachineLacks.
  Sample run(const Path& path, std::uint64_t hang_up_after,
             const std::function<bool()>& interrupted) const;

  std::uint16_t port() const { return port_of(listener_); }
  std::string congestion() const { return congestion_control(listener_); }
  Bytes send_buffer() const;

private:
  struct Client;

  void open(const Path& path, std::vector<Client>& clients) const;
  void accept(const Path& path, std::vector<Client>& clients) const;
  PeerReport serve_peer(const Path& path, std::vector<Client>& clients, std::uint64_t hang_up_after,
                        const std::function<bool()>& interrupted, std::string& problem) const;
  PeerReport read_here(const Path& path, std::vector<Client>& clients,
                       const std::function<bool()>& interrupted) const;
  void serve_all(const Path& path, std::vector<Client>& clients,
                 const std::function<bool()>& interrupted) const;
  void measure(const Path& path, const std::vector<Client>& clients, const PeerReport& report,
               Sample& sample) const;

  const Config& config_;
  const InputFiles& files_;
  const Network& network_;
  const Peer& peer_;
  bool checked_;
  Requests requests_;
  Processors processors_ = divide_processors();
  Descriptor listener_;
};

}  // namespace copypath::native
