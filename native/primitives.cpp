// The rounds of a calibration.
#include "native/primitives.h"

#include <algorithm>
#include <stdexcept>

#include "native/calls.h"
#include "native/connection.h"
#include "native/processors.h"

namespace copypath::native {

double cpu_seconds(const std::function<void()>& work) {
  const Usage before = Usage::now();
  work();
  return Usage::now().cpu - before.cpu;
}

Batch in_turns(std::size_t times, const SecondsPer& calls, const SecondsPer& besides) {
  constexpr std::size_t kTurns = 8;
  Batch batch(0);
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    batch.seconds += calls(times / kTurns) / kTurns;
    batch.besides += besides(times / kTurns) / kTurns;
  }
  return batch;
}

Batch seconds_beside(const Discarder& to, std::size_t times, double packets,
                     const std::function<void()>& call, const std::function<void()>& besides) {
  const auto measured = [&](const std::function<void()>& one) {
    return [&](std::size_t some) { return seconds_per_call(to, some, packets, one); };
  };
  return in_turns(times, measured(call), measured(besides));
}

namespace {

/// Of every batch.
template <typename Value>
std::vector<double> each(const std::vector<Batch>& batches, Value value) {
  std::vector<double> values;
  for (const Batch& batch : batches) values.push_back(value(batch));
  return values;
}

double besides(const Batch& batch) { return batch.besides; }

/// Those that took the least with what was made besides: how two compare is another matter where
/// neighbours of a virtual machine are at its memory.
std::vector<Batch> quieter_half(std::vector<Batch> batches) {
  std::sort(batches.begin(), batches.end(), [](const Batch& a, const Batch& b) {
    return a.seconds + a.besides < b.seconds + b.besides;
  });
  batches.resize((batches.size() + 1) / 2, Batch(0));
  return batches;
}

}  // namespace

Spread spread_of_batches(const std::vector<Batch>& batches, Counts counts, double least_send) {
  const std::vector<double> whole = each(batches, [](const Batch& batch) { return batch.seconds; });
  const std::vector<double> parts =
      each(batches, [](const Batch& batch) { return batch.without(); });
  const double variation = spread_of(whole).variation;
  if (counts == Counts::kMultiple) {
    const auto multiple = [](const Batch& batch) { return batch.seconds / batch.besides; };
    return {least_send * spread_of(each(quieter_half(batches), multiple)).median,
            spread_of(whole).median, variation};
  }
  if (counts == Counts::kShare) {
    const auto share = [](const Batch& batch) { return batch.without() / batch.besides; };
    return {spread_of(each(batches, besides)).least *
                spread_of(each(quieter_half(batches), share)).median,
            spread_of(parts).median, variation};
  }
  const auto fastest = std::min_element(whole.begin(), whole.end()) - whole.begin();
  return {parts[static_cast<std::size_t>(fastest)], spread_of(parts).median, variation};
}

Calibration::Calibration(const std::string& folder, const InputFiles* served) {
  const ProcessorsKept kept;
  const auto add = [&](const std::vector<Primitive>& group) {
    for (const Primitive& primitive : group) batches_.push_back({primitive, {}, ""});
  };
  const auto receiver = std::make_shared<Discarder>();  // before this process is bound
  run_on(divide_processors().servers.front());
  const CachedFiles files(folder, served);
  add(network_primitives(receiver));
  add(processor_primitives(receiver));
  add(file_primitives(receiver, files));
  add(mapping_primitives(receiver, files));
  add(disk_primitives(receiver, folder));
}

void Calibration::round(const std::function<void(double share)>& tick) {
  const ProcessorsKept kept;
  run_on(divide_processors().servers.front());
  double done = 0;
  for (Batches& batches : batches_) {
    tick(done++ / static_cast<double>(batches_.size()));
    if (!batches.missing.empty()) continue;
    try {
      batches.values.push_back(batches.primitive.batch());
    } catch (const Unsupported& error) {
      batches.missing = error.what();
    }
  }
  tick(1);
}

double Calibration::least_send() const {
  std::vector<double> least;
  for (const Batches& batches : batches_) {
    if (batches.primitive.counts != Counts::kMultiple || batches.values.empty()) continue;
    least.push_back(spread_of(each(batches.values, besides)).least);
  }
  return least.empty() ? 0 : spread_of(least).median;
}

std::vector<Measured> Calibration::measured() const {
  std::vector<Measured> all;
  for (const Batches& batches : batches_) {
    const Primitive& primitive = batches.primitive;
    all.push_back({primitive.name, primitive.unit, primitive.how, batches.missing, {}});
    Measured& one = all.back();
    if (!one.missing.empty()) continue;
    one.spread = spread_of_batches(batches.values, primitive.counts, least_send());
    one.spread.least /= primitive.units;
    one.spread.median /= primitive.units;
  }
  return all;
}

}  // namespace copypath::native
