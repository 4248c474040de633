#include "models/workload/requests.h"

#include <algorithm>

#include "models/scrambled.h"

namespace copypath {

Bytes request_size(const WorkloadConfig& config, Bytes file_size) {
  return config.range == Bytes(0) ? file_size : std::min(config.range, file_size);
}

Request request_of(const WorkloadConfig& config, Bytes file_size, unsigned client,
                   std::uint64_t number) {
  const Bytes bytes = request_size(config, file_size);
  if (bytes == file_size) return {Bytes(0), bytes};
  const Bytes last = file_size - bytes;  // where a range may begin at most
  if (config.order == Order::kSequential) {
    const std::uint64_t in_file = file_size / bytes;
    return {bytes * (number % in_file), bytes};
  }
  const std::uint64_t pages = last / kPageSize + 1;
  return {kPageSize * (scrambled((std::uint64_t{client} << 40) + number) % pages), bytes};
}

Bytes largest_request(const WorkloadConfig& config) {
  if (!config.listed) return request_size(config, config.file_size);
  Bytes most;
  for (const auto& client : config.listed->clients) {
    for (const ListedRequest& request : client) most = std::max(most, request.bytes);
  }
  return most;
}

Requests::Requests(WorkloadConfig config, const Media& media)
    : config_(std::move(config)), files_(media.files()), file_size_(media.file_size()) {}

std::uint64_t Requests::count(unsigned client) const {
  return config_.listed ? config_.listed->clients[client].size() : config_.requests;
}

Request Requests::at(unsigned client, std::uint64_t number) const {
  if (config_.listed) {
    const ListedRequest& listed = config_.listed->clients[client][number];
    return {listed.offset, listed.bytes, listed.file, listed.time};
  }
  Request request = request_of(config_, file_size_, client, number);
  request.file = client % files_;
  return request;
}

Bytes Requests::total(unsigned client) const {
  if (!config_.listed) return request_size(config_, file_size_) * config_.requests;
  Bytes total;
  for (const ListedRequest& request : config_.listed->clients[client]) total += request.bytes;
  return total;
}

Bytes Requests::total() const {
  if (!config_.listed) return total(0) * config_.clients;
  Bytes all;
  for (unsigned client = 0; client < config_.listed->clients.size(); ++client) {
    all += total(client);
  }
  return all;
}

}  // namespace copypath
