// The rounds of a calibration.
#include "native/primitives.h"

#include "models/platform/simulate.h"
#include "native/calls.h"
#include "native/connection.h"
#include "native/input_files.h"
#include "native/processors.h"

namespace copypath::native {

double cpu_seconds(const std::function<void()>& work) {
  const Usage before = Usage::now();
  work();
  return Usage::now().cpu - before.cpu;
}

std::vector<Measured> measure_primitives(const CalibrationOptions& options) {
  const auto stop_if_interrupted = [&] {
    if (options.interrupted()) throw Interrupted();
  };
  const ProcessorsKept kept;
  // The network's first: it starts the other process.
  std::vector<Primitive> primitives = network_primitives();
  run_on(divide_processors().servers.front());
  for (auto& group :
       {processor_primitives(), file_primitives(options.folder), disk_primitives(options.folder)}) {
    primitives.insert(primitives.end(), group.begin(), group.end());
  }
  std::vector<Measured> measured;
  std::vector<std::vector<double>> values(primitives.size());
  for (const Primitive& primitive : primitives) {
    measured.push_back({primitive.name, primitive.unit, primitive.how, "", {}});
  }
  for (unsigned round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < primitives.size(); ++i) {
      stop_if_interrupted();
      if (!measured[i].missing.empty()) continue;
      try {
        values[i].push_back(primitives[i].batch());
      } catch (const Unsupported& error) {
        measured[i].missing = error.what();
      }
      options.progress((round + static_cast<double>(i + 1) / static_cast<double>(values.size())) /
                       options.rounds);
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (measured[i].missing.empty()) measured[i].spread = spread_of(values[i]);
  }
  return measured;
}

std::vector<Measured> least_of(std::vector<Measured> one, const std::vector<Measured>& other) {
  for (std::size_t i = 0; i < one.size(); ++i) {
    const bool less = !one[i].missing.empty() || other[i].spread.least < one[i].spread.least;
    if (other[i].missing.empty() && less) one[i] = other[i];
  }
  return one;
}

}  // namespace copypath::native
