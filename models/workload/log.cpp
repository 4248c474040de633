#include "models/workload/log.h"

#include <algorithm>

#include "models/workload/deflate.h"

namespace copypath {

Bytes batch_in_log(const Config& config) {
  const BrokerConfig& broker = config.broker;
  if (!broker.compress) return broker.batch;
  return compressed_size(broker.batch, config.workload.compress_ratio);
}

LogLayout::LogLayout(const Config& config)
    : logs_(config.broker.partitions),
      segment_(config.broker.segment),
      at_first_(config.broker.lag),
      in_the_end_(config.broker.lag + batch_in_log(config) * config.broker.batches),
      segments_(static_cast<unsigned>(
          std::max<std::uint64_t>(1, units_covering(in_the_end_, segment_)))) {}

Bytes LogLayout::size_of(std::uint32_t file, Bytes log) const {
  const Bytes begin = begin_of(file);
  return log <= begin ? Bytes(0) : std::min(log - begin, segment_);
}

std::shared_ptr<const RequestList> fetches_of(const Config& config) {
  const LogLayout layout(config);
  const BrokerConfig& broker = config.broker;
  RequestList list;
  for (std::uint32_t file = 0; file < layout.files(); ++file) {
    list.file_sizes.push_back(layout.size_of(file, layout.in_the_end()));
    list.present.push_back(layout.size_of(file, layout.at_first()));
  }
  for (unsigned client = 0; client < config.workload.clients; ++client) {
    const bool lags = broker.lagging == 0 || client < broker.lagging;
    sc_time start = broker.stagger * static_cast<double>(client / layout.logs());
    std::vector<ListedRequest> parts;
    for (Bytes at = lags ? Bytes(0) : layout.at_first(); at < layout.in_the_end();) {
      const std::uint32_t file = layout.file(layout.log_of(client), at);
      const Bytes offset = at - layout.begin_of(file);
      parts.push_back({start, file, offset, list.file_sizes[file] - offset});
      at += parts.back().bytes;
      start = sc_time();
    }
    list.clients.push_back(std::move(parts));
  }
  return std::make_shared<const RequestList>(std::move(list));
}

}  // namespace copypath
