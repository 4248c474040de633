// The visitors of a web site: each asks for one file after the other over a connection that is kept
// alive. A file's size is spread evenly over the doublings between the smallest and the largest,
// its popularity follows Zipf's law, and the two have nothing to do with each other. What a visitor
// asks for looks random, and is the same in every run.
#pragma once

#include <memory>

#include "models/platform/config.h"
#include "models/workload/request_list.h"

namespace copypath {

/// workload.clients times workload.requests requests for files of the site (web.files).
std::shared_ptr<const RequestList> visits_of(const Config& config);

}  // namespace copypath
