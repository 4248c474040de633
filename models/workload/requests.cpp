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

}  // namespace copypath
