// "Would it help me?": which path a scenario should use, what that saves, and which single change
// would matter next. All of it is found by running the model: the paths that the scenario's needs
// allow, and the best of them again with each candidate change. Only what must not be used is ruled
// out beforehand, each path with its reason.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "testbench/candidates.h"
#include "testbench/ranking.h"

namespace copypath {

struct RuledOut {
  std::string path;
  std::string reason;  ///< a sentence about the path, without its name
};

/// A path on a machine.
struct Experiment {
  Config config;
  std::string path;
  std::string label;
};

/// Simulates them; results in the same order.
using RunExperiments = std::function<std::vector<Result>(const std::vector<Experiment>&)>;

/// What a change does to the path in use.
struct Effect {
  Change change;
  Result result;               ///< of the path that is best then: it may allow another one
  double throughput_gain = 0;  ///< 0.5: half as much again
  double cpu_saving = 0;       ///< of the CPU time per GB; 0.5: half of it
};

struct Advice {
  std::vector<Result> results;  ///< of the paths that may be used
  std::vector<RuledOut> ruled_out;
  std::size_t base = 0;  ///< the path to compare with, and
  std::size_t use = 0;   ///< the best one, as indices of results
  std::vector<Effect> effects;
  std::vector<RuledOut> not_tried;  ///< changes that a rule between keys forbids
  /// The change with the largest gain of throughput or, if none has any, the largest saving of CPU
  /// time; nothing if none is worth a per cent.
  std::optional<std::size_t> next;
};

/// Why the scenario must not use the path, whatever it costs; "" if it may.
std::string objection(const std::string& path, const Config& config);

/// Why the result shows that the path must not be used; "" if it may: it did not deliver, or it
/// lets an untrusted program change what the clients get.
std::string objection(const Result& result, const Config& config);

/// Advises on the paths `names`; `base` is one of them, or any other is taken in its place if it is
/// ruled out. `results` is empty if all of them are. If every path there is is named, those that a
/// language's runtime makes of the others are ruled out.
Advice advise(const Config& config, const std::vector<std::string>& names, const std::string& base,
              const RunExperiments& run);

}  // namespace copypath
