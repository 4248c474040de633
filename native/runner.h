// Runs paths natively, over and over and in turns, and sums the repetitions up.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/ledger/result.h"
#include "models/platform/config.h"
#include "native/input_files.h"
#include "native/network.h"
#include "native/peer.h"
#include "native/processors.h"
#include "native/receiver.h"
#include "native/server.h"
#include "native/spread.h"

namespace copypath::native {

struct Options {
  unsigned repeat = 9;  ///< runs of each path
  Sink sink = Sink::kDiscard;
  std::string folder = "/var/tmp";       ///< for the temporary files
  Bytes write_size;                      ///< of the calls that write them; 0: page_cache.folio
  bool evidence = false;                 ///< one more run of each path, watched in the kernel
  Wire wire = Wire::kLoopback;           ///< between server and clients
  bool pace = false;                     ///< hold the connections to nic.rate
  std::uint64_t hang_up_after = kNever;  ///< bytes that a client receives before it goes
  std::function<bool()> interrupted = [] { return false; };
  /// Called in the clients' process if this one has died: removes what it can no longer remove.
  std::function<void()> on_orphaned = [] {};
  /// The share that is done of a part of the work: part 0 writes the temporary files, part i + 1
  /// runs path i.
  std::function<void(std::size_t part, double share)> progress = [](std::size_t, double) {};
};

/// What became of one path.
struct Outcome {
  std::string path;
  std::string skipped;                   ///< why it could not be run; then there is no result
  std::string problem;                   ///< why not everything was delivered; empty if it was
  Result result;                         ///< the median of the repetitions, metric by metric; of
                                         ///< evidence, what the watched run has shown
  std::map<std::string, Spread> spread;  ///< by metric
};

/// Under which circumstances it was measured.
struct Conditions {
  std::string kernel;
  std::string congestion_control;
  std::string folder;
  Bytes send_buffer;
  Bytes write_size;
  Processors processors;
  double resident = 0;    ///< share of the files in the page cache before a run, median
  std::string unwatched;  ///< why there is no evidence, if it was wanted
  bool locked = false;    ///< those pages cannot be reclaimed
};

struct Report {
  Conditions conditions;
  std::vector<Outcome> outcomes;  ///< one for each path
};

/// The runs of a scenario's paths, in rounds. All may throw Interrupted and MachineLacks.
class Runner {
public:
  /// Writes the files and starts the clients. To be called while this process has only one thread.
  Runner(const Config& config, const std::vector<const Path*>& paths, const Options& options);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  const InputFiles& files() const { return files_; }

  /// Runs every path once: one of `Options::repeat` rounds.
  void round();

  /// What all rounds have measured, after one more of each path that is watched, if wanted.
  Report report();

private:
  class PathRuns;

  void stop_if_interrupted() const;
  /// Says why there is none, if there is none.
  std::string watch();

  Config config_;
  Options options_;
  InputFiles files_;
  Processors processors_;
  Network network_;
  Peer peer_;
  Server server_;
  std::vector<PathRuns> runs_;
  unsigned rounds_ = 0;
};

/// All rounds. To be called while this process has only one thread.
Report run_all(const Config& config, const std::vector<const Path*>& paths, const Options& options);

}  // namespace copypath::native
