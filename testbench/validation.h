// The model beside the real thing: which figures of the two are held against each other, how far
// they may differ, and what follows from that. Counters are exact; times have tolerances, and a
// verdict only where the sender's CPU time is a property of the path: a warm file and a receiver
// that discards, or a wire that is slower than the machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/platform/config.h"
#include "native/runner.h"

namespace copypath {

// How far predictions may be off, as shares of what is measured.
constexpr double kMedianOfRatios = 0.08;     ///< relative to the first path: CPU time, throughput
constexpr double kWorstOfRatios = 0.25;      ///< the same, of a single path
constexpr double kMedianOfAbsolutes = 0.15;  ///< CPU time per byte
constexpr double kWireTolerance = 0.01;      ///< throughput of a wire that is the limit
/// A sender that computes for more of the time than that does not keep up with its wire.
constexpr double kBusy = 0.9;
/// Two paths whose times differ by less than so many times their spread have no order.
constexpr double kNoise = 2;
/// Or by less than the least of some interleaved runs differs from that of some others.
constexpr double kNoiseOfLeast = 0.05;

/// A number that the model predicts and a native run has measured.
struct Figure {
  std::string metric;
  double predicted = 0;
  double measured = 0;
  double spread = 0;  ///< coefficient of variation of what was measured

  double error() const { return measured == 0 ? 0 : predicted / measured - 1; }
  bool exact() const { return predicted == measured; }
};

struct ValidatedPath {
  std::string path;
  std::string skipped;           ///< why it was not run; then there is nothing else
  std::vector<Figure> counters;  ///< that both know
  Figure cpu;                    ///< seconds of the server's threads per GB
  Figure throughput;             ///< bytes per second
  bool reads_disk = false;       ///< then that is the disk's
  /// To those of the first path; not of that itself.
  std::optional<Figure> ratio;   ///< of `cpu`
  std::optional<Figure> faster;  ///< of `throughput`, where no byte came from a disk
};

/// What there is a verdict on besides the counters.
enum class Validates { kCpuTime, kWire, kCountersOnly };

struct ValidatedScenario {
  std::string file;
  std::string title;
  Config config;
  native::Conditions conditions;
  Validates validates = Validates::kCountersOnly;
  std::vector<ValidatedPath> paths;
  unsigned repeat = 0;  ///< native runs of each path
  std::string profile;  ///< of the machine, from which the paths were predicted
};

struct Claim {
  std::string text;     ///< "median error of the ratios at most 8 %"
  std::string outcome;  ///< "6.1 % of 24"
  bool holds = true;
};

/// Whether a counter is what it should be: exactly, but for what is received, to a thousandth (the
/// kernel merges runts into the packet before).
bool agrees(const Figure& counter, const ValidatedPath& path);

Validates what_it_validates(const Config& config);

/// Holds a scenario's records against each other.
ValidatedScenario validated(const std::string& file, const Config& config,
                            const std::vector<Result>& predicted, const native::Report& measured);

/// Whether the wire is the limit, and not the processor of the sender: as predicted, and as
/// measured.
bool keeps_up(const ValidatedPath& path, double Figure::*side);
/// Both say the same of it, and the same throughput if it keeps up.
bool agrees_on_wire(const ValidatedPath& path);

/// Over all scenarios. Without `timing`, on the counters alone.
std::vector<Claim> verdicts(const std::vector<ValidatedScenario>& scenarios, bool timing);

}  // namespace copypath
