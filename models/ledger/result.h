// The result record: what one execution of one path cost. The same fields come from the fluid
// model, the burst model and native runs, so that a comparison is a subtraction of records.
// One table (kMetrics) names every number with its unit and meaning; JSON, [expect], tables and
// docs all come from it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace copypath {

/// One way in which bytes moved, with the reason for it (from the ledger).
struct MovementRecord {
  std::string name;     ///< short identifier, e.g. "copy_to_user"
  std::string agent;    ///< who moved the bytes: "core", "disk", "nic"
  std::string purpose;  ///< "copy", "dma", "checksum", "crypto", "compress", "control"
  std::string from;     ///< e.g. "page cache"
  std::string to;       ///< e.g. "user buffer"
  std::string reason;   ///< why this movement exists, one sentence
  std::uint64_t bytes = 0;
  std::uint64_t transfers = 0;
  std::uint64_t dram_bytes = 0;  ///< read from and written to DRAM for it
};

/// What one consumer or follower of a log broker has cost and got.
struct ConsumerRecord {
  bool follower = false;
  std::uint64_t fetches = 0;  ///< responses that carried records
  std::uint64_t page_cache_hits = 0;
  std::uint64_t page_cache_misses = 0;
  /// From when there was something to send until the socket had all of it: half of the fetches, 99
  /// of 100, all of them took no longer.
  double fetch_median_s = 0;
  double fetch_p99_s = 0;
  double fetch_max_s = 0;
  /// How many took how long: the end of an interval of time in seconds, and how many ended in it.
  std::vector<std::pair<double, std::uint64_t>> histogram;
};

struct Result {
  std::string path;
  std::string execution;                          ///< "fluid", "burst" or "native"
  std::map<std::string, double> values;           ///< by metric name; absent: cannot be known
  std::map<std::string, std::uint64_t> syscalls;  ///< by name
  std::string bottleneck;     ///< "nic", "disk", "cpu", "memory_bus", "fabric", "client"
  bool delivered_ok = false;  ///< the receivers got exactly what they asked for, in order
  std::vector<MovementRecord> movements;  ///< in the order of the data path
  std::vector<ConsumerRecord> consumers;  ///< of a log broker, by client

  /// The value of a metric, of a system call as "syscalls.NAME", or of a consumer as
  /// "consumers.N.NAME"; nothing if unknown here.
  std::optional<double> value(const std::string& metric) const;
};

enum class Unit { kBytes, kBytesPerSecond, kSeconds, kSecondsPerGB, kCount, kRatio };

struct Metric {
  const char* name;
  Unit unit;
  bool integer;  ///< printed as an integer
  const char* description;
};

/// Every number of the record, in the order in which it is printed.
const std::vector<Metric>& metrics();

/// Every number of a consumer: "consumers.N.NAME".
const std::vector<Metric>& consumer_metrics();

/// The metric of that name, or nullptr. "syscalls.NAME" is a count.
const Metric* find_metric(const std::string& name);

nlohmann::ordered_json to_json(const Result& result);

/// The inverse of to_json, for results that come from a child process.
Result result_from_json(const nlohmann::ordered_json& json);

}  // namespace copypath
