// A list of requests: who asks when for which bytes of which file, as an access log has it. It is
// read from a CSV file (testbench/request_csv.h); here it is what the clients go by.
#pragma once

#include <cstdint>
#include <vector>

#include "models/units.h"

namespace copypath {

struct ListedRequest {
  sc_time time;  ///< when it reaches the server, at the earliest
  std::uint32_t file = 0;
  Bytes offset;
  Bytes bytes;  ///< at least one
};

struct RequestList {
  /// The requests of each client, in the order in which it makes them; each client has one.
  std::vector<std::vector<ListedRequest>> clients;
  /// The size of each file: all that is asked for of it.
  std::vector<Bytes> file_sizes;
  /// How much of each is there when the run begins; empty: all.
  std::vector<Bytes> present{};
  /// Whose bytes each holds; empty: its own.
  std::vector<std::uint32_t> sources{};
};

}  // namespace copypath
