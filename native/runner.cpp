#include "native/runner.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "models/disk/media.h"
#include "models/platform/simulate.h"
#include "native/evidence.h"
#include "native/fetches.h"

namespace copypath::native {

namespace {

/// Makes as many descriptors available as this user may have.
void allow_descriptors(const Config& config) {
  constexpr rlim_t kOfTheProgram = 64;
  constexpr rlim_t kOfClient = 5;  // socket, file, and what a path holds
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t files = Media(config.workload).files();
  rlim_t wanted = kOfTheProgram + files + kOfClient * config.workload.clients;
  if (config.workload.listed) wanted += files * config.workload.clients;  // at most
  if (limit.rlim_cur >= wanted) return;
  throw MachineLacks(
      fmt::format("{} clients take some {} open files, and {} are allowed (ulimit -Hn)",
                  config.workload.clients, wanted, limit.rlim_cur));
}

Options completed(Options options, const Config& config) {
  allow_descriptors(config);
  if (options.write_size == Bytes(0)) options.write_size = config.page_cache.folio;
  return options;
}

std::string kernel_release() {
  utsname names{};
  uname(&names);
  return names.release;
}

/// Whether the probes have been shown every byte that the clients received.
bool accounts_for(const Provenance& shown, std::uint64_t received) {
  return std::accumulate(shown.sent.begin(), shown.sent.end(), std::uint64_t{0}) >= received;
}

/// A run that the probes have seen all of. Other traffic on the machine can keep them from it.
Sample watched(Evidence& evidence, const InputFiles& files, const std::function<Sample()>& run) {
  constexpr int kTries = 10;
  for (int tries = 0; tries < kTries; ++tries) {
    files.prepare();
    evidence.restart();
    Sample sample = run();
    if (evidence.complete() && accounts_for(evidence.collected(), sample.received)) return sample;
  }
  throw Unsupported("packets keep going by while the probes are at work on others");
}

}  // namespace

class Runner::PathRuns {
public:
  explicit PathRuns(const Path& path) : path_(path) {}

  const Path& path() const { return path_; }
  bool wanted() const { return skipped_.empty() && problem_.empty(); }

  void add(const Sample& sample) {
    skipped_ = sample.unsupported;
    if (!skipped_.empty()) return;
    problem_ = sample.problem;
    if (problem_.empty() && !sample.result.delivered_ok) {
      problem_ = "the clients did not get what they asked for";
    }
    samples_.push_back(sample);
  }

  Outcome outcome() const {
    Outcome outcome;
    outcome.path = path().name;
    outcome.skipped = skipped_;
    outcome.problem = problem_;
    if (samples_.empty() || !skipped_.empty()) return outcome;
    outcome.result = samples_.front().result;
    for (auto& [name, value] : outcome.result.values) {
      outcome.spread[name] = over_samples([&, &metric = name](const Sample& sample) {
        return sample.result.value(metric).value_or(0);
      });
      value = outcome.spread[name].median;
    }
    for (const Sample& sample : samples_) {
      outcome.result.delivered_ok = outcome.result.delivered_ok && sample.result.delivered_ok;
      for (const auto& call : sample.result.syscalls) outcome.result.syscalls[call.first];
    }
    for (auto& [name, calls] : outcome.result.syscalls) {
      const Spread spread = over_samples([&, &call = name](const Sample& sample) {
        return sample.result.value("syscalls." + call).value_or(0);
      });
      calls = static_cast<std::uint64_t>(spread.median);
    }
    if (provenance_) provenance_->enter(outcome.result);
    return outcome;
  }

  /// What the watched run has shown.
  void add(const Sample& sample, const Provenance& provenance) {
    if (!sample.unsupported.empty() || !sample.result.delivered_ok) return;
    provenance_ = provenance;
  }

  void add_residency(std::vector<double>& shares) const {
    for (const Sample& sample : samples_) {
      const auto pages = static_cast<double>(sample.residency.pages);
      shares.push_back(pages == 0 ? 1 : static_cast<double>(sample.residency.resident) / pages);
    }
  }

private:
  template <typename Value>
  Spread over_samples(Value value) const {
    std::vector<double> values;
    for (const Sample& sample : samples_) values.push_back(value(sample));
    return spread_of(values);
  }

  std::reference_wrapper<const Path> path_;
  std::vector<Sample> samples_;
  std::optional<Provenance> provenance_;
  std::string skipped_;
  std::string problem_;
};

Runner::Runner(const Config& config, const std::vector<const Path*>& paths, const Options& options)
    : config_(with_fetches(config)),
      options_(completed(options, config_)),
      files_(config_, options_.folder, options_.write_size,
             [&](double share) {
               stop_if_interrupted();
               options_.progress(0, share);
             }),
      processors_(divide_processors()),
      network_(config_.nic, options_.wire, options_.pace),
      peer_(config_, files_, network_, options_.sink, processors_.clients, options_.on_orphaned),
      server_(config_, files_, network_, peer_, options_.pace, options_.sink == Sink::kCheck) {
  options_.progress(0, 1);
  for (const Path* path : paths) runs_.emplace_back(*path);
}

Runner::~Runner() = default;

void Runner::stop_if_interrupted() const {
  if (options_.interrupted()) throw Interrupted();
}

void Runner::round() {
  ++rounds_;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    stop_if_interrupted();
    PathRuns& runs = runs_[i];
    if (!runs.wanted()) continue;
    files_.prepare();
    runs.add(server_.run(runs.path(), options_.hang_up_after, options_.interrupted));
    const double share = static_cast<double>(rounds_) / options_.repeat;
    options_.progress(i + 1, runs.wanted() ? share : 1);
  }
}

std::string Runner::watch() {
  try {
    Evidence evidence({server_.port(), peer_.process()}, files_);
    for (PathRuns& runs : runs_) {
      stop_if_interrupted();
      if (!runs.wanted()) continue;
      const Sample sample = watched(
          evidence, files_, [&] { return server_.run(runs.path(), kNever, options_.interrupted); });
      runs.add(sample, evidence.collected());
    }
  } catch (const Unsupported& error) {
    return error.what();
  }
  return "";
}

Report Runner::report() {
  Report report;
  const std::string unwatched = options_.evidence ? watch() : "";
  std::vector<double> resident;
  for (const PathRuns& runs : runs_) {
    report.outcomes.push_back(runs.outcome());
    runs.add_residency(resident);
  }
  report.conditions = {kernel_release(),
                       server_.congestion(),
                       options_.folder,
                       server_.send_buffer(),
                       options_.write_size,
                       processors_,
                       0,
                       unwatched,
                       files_.locked()};
  if (!resident.empty()) report.conditions.resident = spread_of(resident).median;
  return report;
}

Report run_all(const Config& config, const std::vector<const Path*>& paths,
               const Options& options) {
  Runner runner(config, paths, options);
  for (unsigned round = 0; round < options.repeat; ++round) runner.round();
  return runner.report();
}

}  // namespace copypath::native
