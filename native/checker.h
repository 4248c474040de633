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
  /// Of the client of that number, which asks for the file of that number.
  Checker(const WorkloadConfig& work, unsigned client, std::uint32_t file);

  void take(const std::uint8_t* bytes, std::size_t count);

  /// All of it has come, and nothing else.
  bool complete() const;

private:
  void turn_to_next();

  WorkloadConfig work_;
  unsigned client_;
  std::uint32_t file_;
  Media media_;
  Content expected_;
  std::uint64_t requests_ = 0;  ///< that are complete
  Request request_;             ///< the one at hand
  std::uint64_t taken_ = 0;     ///< of it
  bool intact_ = true;
};

}  // namespace copypath::native
