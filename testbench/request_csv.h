// Lists of requests as CSV files: a heading `time,client,file,offset,length`, then a row for each
// request. The time is in seconds from the beginning of the run; client and file are names; offset
// and length are in bytes. Rows may come in any order. Empty lines and lines that begin with a #
// are passed over.
#pragma once

#include <memory>
#include <string>

#include "models/workload/request_list.h"
#include "testbench/settings.h"

namespace copypath {

constexpr const char* kRequestHeading = "time,client,file,offset,length";

/// Reads the text of such a file. Every bad row is a problem, with its line and what is accepted;
/// if there are any, nothing is returned. Clients and files are numbered as they come up.
std::shared_ptr<const RequestList> read_request_list(const std::string& text,
                                                     const std::string& file, Problems& problems);

}  // namespace copypath
