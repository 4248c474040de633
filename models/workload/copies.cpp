#include "models/workload/copies.h"

namespace copypath {

namespace {

unsigned sources(const WorkloadConfig& work) { return work.files == 0 ? work.clients : work.files; }

}  // namespace

std::uint32_t target_of(const Config& config, unsigned program) {
  return sources(config.workload) + program;
}

std::shared_ptr<const RequestList> copies_of(const Config& config) {
  const WorkloadConfig& work = config.workload;
  RequestList list;
  for (unsigned file = 0; file < sources(work); ++file) {
    list.file_sizes.push_back(work.file_size);
    list.present.push_back(work.file_size);
    list.sources.push_back(file);
  }
  for (unsigned program = 0; program < work.clients; ++program) {
    const unsigned file = program % sources(work);
    list.clients.push_back({{sc_time(), file, Bytes(0), work.file_size}});
    list.file_sizes.push_back(work.file_size);
    list.present.emplace_back();
    list.sources.push_back(file);
  }
  return std::make_shared<const RequestList>(std::move(list));
}

}  // namespace copypath
