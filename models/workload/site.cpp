#include "models/workload/site.h"

#include <algorithm>
#include <cmath>

#include "models/scrambled.h"

namespace copypath {

namespace {

/// Whole numbers, so that rounding is the same wherever they are computed.
constexpr double kUnitsOfPopularity = 1e9;

/// Up to each rank, the popularity of all files so far.
std::vector<std::uint64_t> popularity(const WebConfig& web) {
  std::vector<std::uint64_t> up_to;
  std::uint64_t total = 0;
  for (unsigned rank = 1; rank <= web.files; ++rank) {
    total += static_cast<std::uint64_t>(
        std::max(1.0, std::floor(kUnitsOfPopularity * std::pow(rank, -web.zipf))));
    up_to.push_back(total);
  }
  return up_to;
}

Bytes size_of(const WebConfig& web, std::uint64_t file) {
  const std::uint64_t smallest = web.smallest.count();
  const std::uint64_t largest = web.largest.count();
  unsigned doublings = 0;
  while ((smallest << (doublings + 1)) <= largest) ++doublings;
  if (doublings == 0) return Bytes(smallest + scrambled(file) % (largest - smallest + 1));
  const std::uint64_t from = smallest << (scrambled(2 * file) % doublings);
  return Bytes(std::min(largest, from + scrambled(2 * file + 1) % from));
}

}  // namespace

std::shared_ptr<const RequestList> visits_of(const Config& config) {
  const WorkloadConfig& work = config.workload;
  const std::vector<std::uint64_t> up_to = popularity(config.web);
  RequestList list;
  for (unsigned file = 0; file < config.web.files; ++file) {
    list.file_sizes.push_back(size_of(config.web, file));
  }
  list.clients.resize(work.clients);
  for (std::uint64_t client = 0; client < work.clients; ++client) {
    for (unsigned request = 0; request < work.requests; ++request) {
      const std::uint64_t chosen = scrambled((client << 40) + request) % up_to.back();
      const auto file = static_cast<std::uint32_t>(
          std::upper_bound(up_to.begin(), up_to.end(), chosen) - up_to.begin());
      list.clients[client].push_back({sc_time(), file, Bytes(0), list.file_sizes[file]});
    }
  }
  return std::make_shared<const RequestList>(std::move(list));
}

}  // namespace copypath
