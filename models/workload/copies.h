// Programs that copy files (workload.kind = file_copy): each reads a file of the workload's, as
// clients do, and writes to a file of its own, which is empty when the run begins. These follow the
// others.
#pragma once

#include <memory>

#include "models/platform/config.h"
#include "models/workload/request_list.h"

namespace copypath {

/// Which file a program reads, and what is where.
std::shared_ptr<const RequestList> copies_of(const Config& config);

/// The file that it writes to.
std::uint32_t target_of(const Config& config, unsigned program);

}  // namespace copypath
