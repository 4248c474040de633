#include "models/platform/simulate.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "models/platform/machine.h"
#include "models/platform/thread_stacks.h"
#include "models/platform/waveform.h"
#include "models/workload/copies.h"
#include "models/workload/log.h"
#include "models/workload/site.h"

namespace copypath {

namespace {

using Clock = std::chrono::steady_clock;

/// How often to look up from the simulation, and what to do then. The simulation runs in slices of
/// simulated time that take about that long; they have no influence on what it computes.
class Watch {
public:
  explicit Watch(const RunOptions& options) : options_(options) {}

  sc_time slice() const { return slice_; }

  void look(double share) {
    const auto now = Clock::now();
    const std::chrono::duration<double> taken = now - slice_start_;
    if (taken.count() < kInterval / 4) slice_ = slice_ * 2;
    if (taken.count() > kInterval) slice_ = slice_ / 2;
    slice_start_ = now;
    const std::chrono::duration<double> since = now - last_report_;
    if (!options_.progress || since.count() < kInterval) return;
    last_report_ = now;
    if (!options_.progress(share)) throw Interrupted();
  }

private:
  static constexpr double kInterval = 0.1;  // seconds

  const RunOptions& options_;
  sc_time slice_ = microseconds(10);
  Clock::time_point slice_start_ = Clock::now();
  Clock::time_point last_report_ = slice_start_;
};

/// Opens and closes the waveform at the ends of its window.
class Recorder {
public:
  Recorder(const Machine& machine, const RunOptions& options)
      : machine_(machine), options_(options), wanted_(!options.trace_file.empty()) {}

  /// The time until which the simulation may run before update() has to be called again.
  sc_time next_change(sc_time now) const {
    if (wanted_ && now < options_.trace_from) return options_.trace_from;
    if (waveform_ && now < options_.trace_to) return options_.trace_to;
    return sc_core::sc_max_time();
  }

  void update(sc_time now) {
    if (wanted_ && now >= options_.trace_from) {
      waveform_ = std::make_unique<Waveform>(machine_, options_.trace_file);
      wanted_ = false;
    }
    if (waveform_ && now >= options_.trace_to) close();
  }

  /// Writes the waveform even if the run ended before its window.
  void close() {
    if (wanted_) waveform_ = std::make_unique<Waveform>(machine_, options_.trace_file);
    wanted_ = false;
    if (waveform_) waveform_->close();
    waveform_.reset();
  }

private:
  const Machine& machine_;
  const RunOptions& options_;
  bool wanted_;
  std::unique_ptr<Waveform> waveform_;
};

double share_delivered(const Machine& machine) {
  const auto expected = static_cast<double>(machine.clients.expected().count());
  return expected == 0 ? 1 : static_cast<double>(machine.clients.delivered().count()) / expected;
}

void run(const Machine& machine, Recorder& recorder, Watch& watch) {
  // SystemC's 64 bits of picoseconds wrap around without a word: stop at half of them, 106 days.
  const sc_time end = sc_time::from_value(sc_core::sc_max_time().value() / 2);
  while (!machine.finished()) {
    const sc_time now = sc_core::sc_time_stamp();
    if (now >= end) throw std::runtime_error("the run takes more than 106 days of simulated time");
    recorder.update(now);
    sc_core::sc_start(std::min({watch.slice(), recorder.next_change(now) - now, end - now}));
    if (!machine.finished() && !sc_core::sc_pending_activity()) {
      throw std::runtime_error("the model has come to a standstill at " + now.to_string());
    }
    watch.look(share_delivered(machine));
  }
}

/// What kinds of work that have files of their own ask for.
Config with_requests(Config config) {
  WorkloadConfig& work = config.workload;
  if (!work.listed) {
    if (work.kind == WorkloadKind::kWebServer) work.listed = visits_of(config);
    if (work.kind == WorkloadKind::kLogBroker) work.listed = fetches_of(config);
    if (work.kind == WorkloadKind::kFileCopy) work.listed = copies_of(config);
  }
  if (!work.listed || work.kind == WorkloadKind::kStaticList) return config;
  const std::vector<Bytes>& sizes = work.listed->file_sizes;
  work.file_size = *std::max_element(sizes.begin(), sizes.end());
  return config;
}

}  // namespace

Result simulate(const Config& config, const std::string& path, const RunOptions& options) {
  const Path* program = find_path(path);
  if (program == nullptr) throw std::invalid_argument("unknown path " + path);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_THROW);
  sc_core::sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);

  make_room_for_stacks();
  Machine machine("machine", with_requests(config), *program, options.capture_file);
  Recorder recorder(machine, options);
  Watch watch(options);
  try {
    run(machine, recorder, watch);
  } catch (const Interrupted&) {
    recorder.close();
    if (machine.capture) machine.capture->close(false);
    throw;
  }
  const Result result = machine.result();
  recorder.close();
  if (machine.capture) machine.capture->close(true);
  return result;
}

}  // namespace copypath
