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

std::string kernel_release() {
  utsname names{};
  uname(&names);
  return names.release;
}

class PathRuns {
public:
  explicit PathRuns(const Path& path) : path_(path) {}

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
    outcome.path = path_.name;
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

  const Path& path_;
  std::vector<Sample> samples_;
  std::optional<Provenance> provenance_;
  std::string skipped_;
  std::string problem_;
};

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

Report run_all(const Config& scenario, const std::vector<const Path*>& paths,
               const Options& options) {
  const Config config = with_fetches(scenario);
  const auto stop_if_interrupted = [&] {
    if (options.interrupted()) throw Interrupted();
  };
  allow_descriptors(config);
  const Bytes write_size =
      options.write_size == Bytes(0) ? config.page_cache.folio : options.write_size;
  const InputFiles files(config, options.folder, write_size, [&](double share) {
    stop_if_interrupted();
    options.progress(0, share);
  });
  options.progress(0, 1);
  const Processors processors = divide_processors();
  const Network network(config.nic, options.wire, options.pace);
  const Peer peer(config, files, network, options.sink, processors.clients, options.on_orphaned);
  network.set_up_server();
  const Server server(config, files, network, peer, options.pace, options.sink == Sink::kCheck);

  std::vector<PathRuns> runs;
  for (const Path* path : paths) runs.emplace_back(*path);
  for (unsigned round = 0; round < options.repeat; ++round) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
      stop_if_interrupted();
      if (!runs[i].wanted()) continue;
      files.prepare();
      runs[i].add(server.run(*paths[i], options.hang_up_after, options.interrupted));
      options.progress(i + 1, runs[i].wanted() ? (round + 1.0) / options.repeat : 1);
    }
  }

  Report report;
  std::string unwatched;
  if (options.evidence) {
    try {
      Evidence evidence({server.port(), peer.process()}, files);
      for (std::size_t i = 0; i < paths.size(); ++i) {
        stop_if_interrupted();
        if (!runs[i].wanted()) continue;
        const Sample sample = watched(
            evidence, files, [&] { return server.run(*paths[i], kNever, options.interrupted); });
        runs[i].add(sample, evidence.collected());
      }
    } catch (const Unsupported& error) {
      unwatched = error.what();
    }
  }
  std::vector<double> resident;
  for (const PathRuns& path : runs) {
    report.outcomes.push_back(path.outcome());
    path.add_residency(resident);
  }
  report.conditions = {kernel_release(),
                       server.congestion(),
                       options.folder,
                       server.send_buffer(),
                       write_size,
                       processors,
                       0,
                       unwatched,
                       files.locked()};
  if (!resident.empty()) report.conditions.resident = spread_of(resident).median;
  return report;
}

}  // namespace copypath::native
