#include "native/fetches.h"

#include <algorithm>
#include <memory>

#include "models/workload/log.h"

namespace copypath::native {

Config with_fetches(Config config) {
  if (!is_log_broker(config)) return config;
  auto list = std::make_shared<RequestList>(*fetches_of(config));
  for (auto& parts : list->clients) {
    std::vector<ListedRequest> fetches;
    for (ListedRequest part : parts) {
      while (part.bytes > Bytes(0)) {
        ListedRequest fetch = part;
        fetch.bytes = std::min(part.bytes, config.broker.fetch);
        fetches.push_back(fetch);
        part.offset += fetch.bytes;
        part.bytes -= fetch.bytes;
      }
    }
    parts = std::move(fetches);
  }
  config.workload.listed = list;
  config.workload.file_size = *std::max_element(list->file_sizes.begin(), list->file_sizes.end());
  return config;
}

}  // namespace copypath::native
