// What a client, or a program that reads for itself, should get: the ranges that it asks for, one
// after the other. Whether it got them is found by comparing every byte with the file.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/disk/media.h"
#include "models/platform/config.h"
#include "models/workload/requests.h"

namespace copypath::native {

class Checker {
public:
  /// Of the client of that number.
  Checker(const WorkloadConfig& work, unsigned client);

  void take(const std::uint8_t* bytes, std::size_t count);

  /// All of it has come, and nothing else.
  bool complete() const;

private:
  void turn_to_next();

  WorkloadConfig work_;
  unsigned client_;
  Media media_;
  Requests wanted_;
  Content expected_;
  std::uint64_t complete_ = 0;  ///< requests
  Request request_;             ///< the one at hand
  std::uint64_t taken_ = 0;     ///< of it
  bool intact_ = true;
};

}  // namespace copypath::native
