// What a web server and a log broker need to have something to serve, and what neither of them
// does.
#include "testbench/server_rules.h"

#include <fmt/format.h>

#include "models/workload/log.h"
#include "testbench/quantity.h"

namespace copypath {
namespace {

constexpr double kMostRequests = 10'000'000;
constexpr double kMostSegments = 1'000'000;

std::string site(const Config& config) {
  if (config.web.smallest <= config.web.largest) return "";
  return fmt::format("{} is more than the largest file has, accepted: at most web.largest = {}",
                     to_text(config.web.smallest), to_text(config.web.largest));
}

// A log holds something for everybody, in files whose number is within reason.
std::string log_holds_records(const Config& config) {
  const BrokerConfig& broker = config.broker;
  if (config.workload.kind != WorkloadKind::kLogBroker) return "";
  if (broker.batches > 0) return "";
  if (broker.lag == Bytes(0)) {
    return "is 0B, so there is nothing to fetch, accepted: at least 1B, or producers "
           "(broker.batches)";
  }
  if (broker.lagging != 0 && broker.lagging < config.workload.clients) {
    return "is all that will ever be there, and is behind clients that begin at its end, accepted: "
           "broker.lagging = all, or producers (broker.batches)";
  }
  return "";
}

std::string batches(const Config& config) {
  const BrokerConfig& broker = config.broker;
  if (config.workload.kind != WorkloadKind::kLogBroker || broker.batches == 0) return "";
  const double seconds = static_cast<double>(broker.batch.count()) /
                         static_cast<double>(broker.record.count()) * broker.partitions /
                         broker.rate;
  if (seconds < 1e-9) {
    return "makes batches that are less than a nanosecond apart, accepted: a lower rate";
  }
  if (seconds * broker.batches <= kLongestRun) return "";
  return fmt::format("makes the batches take some {:.3g} days, accepted: at most {:.3g}",
                     seconds * broker.batches / 86400, kLongestRun / 86400);
}

std::string broker_compresses(const Config& config) {
  if (!config.broker.compress || config.workload.data == Data::kTags) return "";
  return "makes other bytes than a consumer could check, accepted: workload.data = tags";
}

// An append that has to read the end of the log first would fail, and with it the log.
std::string log_is_readable(const Config& config) {
  if (config.workload.kind != WorkloadKind::kLogBroker || config.broker.batches == 0) return "";
  if (config.faults.disk_error_rate == 0) return "";
  return "is about files that are only read, accepted: 0 with producers (broker.batches)";
}

std::string segments(const Config& config) {
  if (config.workload.kind != WorkloadKind::kLogBroker) return "";
  const Bytes log = LogLayout(config).in_the_end();
  const double files =
      static_cast<double>(units_covering(log, config.broker.segment)) * config.broker.partitions;
  if (files <= kMostSegments) return "";
  return fmt::format("{} cuts the logs into {:.0f} files, accepted: at most {:.0f} of them",
                     to_text(config.broker.segment), files, kMostSegments);
}

std::string followers(const Config& config) {
  if (config.workload.kind != WorkloadKind::kLogBroker) return "";
  if (config.broker.followers <= config.workload.clients) return "";
  return fmt::format("{} is more than there are clients, accepted: at most workload.clients = {}",
                     config.broker.followers, config.workload.clients);
}

std::string broker_alone(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kLogBroker) return "";
  if (work.file.empty() && work.requests == 1 && work.range == Bytes(0) &&
      work.hazard == Hazard::kNone && work.open == FileSource::kBuffered &&
      config.nic.link == Link::kEthernet) {
    return "";
  }
  return "is log_broker, accepted with it: workload.file = none, workload.requests = 1, "
         "workload.range = whole_file, workload.hazard = none, workload.open = buffered, "
         "nic.link = ethernet";
}

std::string visits(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kWebServer) return "";
  if (static_cast<double>(work.clients) * work.requests <= kMostRequests) return "";
  return fmt::format(
      "{} requests of each of {} clients are too many, accepted: {:.0f} in all with "
      "workload.kind = web_server",
      work.requests, work.clients, kMostRequests);
}

std::string site_of_its_own(const Config& config) {
  const WorkloadConfig& work = config.workload;
  if (work.kind != WorkloadKind::kWebServer) return "";
  if (work.file.empty() && work.range == Bytes(0) && work.hazard == Hazard::kNone &&
      work.open == FileSource::kBuffered) {
    return "";
  }
  return "is web_server, accepted with it: workload.file = none, workload.range = whole_file, "
         "workload.hazard = none, workload.open = buffered";
}

}  // namespace

std::vector<Rule> server_rules() {
  return {
      {{"web.smallest", "web.largest"}, site},
      {{"workload.requests", "workload.clients", "workload.kind"}, visits},
      {{"workload.kind", "workload.file", "workload.range", "workload.hazard", "workload.open"},
       site_of_its_own},
      {{"broker.lag", "broker.lagging", "broker.batches", "workload.clients", "workload.kind"},
       log_holds_records},
      {{"broker.rate", "broker.batches", "broker.batch", "broker.record", "broker.partitions",
        "workload.kind"},
       batches},
      {{"broker.compress", "workload.data", "workload.file"}, broker_compresses},
      {{"faults.disk_error_rate", "broker.batches", "workload.kind"}, log_is_readable},
      {{"broker.segment", "broker.lag", "broker.partitions", "workload.kind"}, segments},
      {{"broker.followers", "workload.clients", "workload.kind"}, followers},
      {{"workload.kind", "workload.file", "workload.requests", "workload.range", "workload.hazard",
        "workload.open", "nic.link"},
       broker_alone},
  };
}

}  // namespace copypath
