#include "native/checker.h"

#include <algorithm>
#include <cstring>

namespace copypath::native {

namespace {

WorkloadConfig as_bytes(WorkloadConfig work) {
  work.data = Data::kBytes;
  return work;
}

}  // namespace

Checker::Checker(const WorkloadConfig& work, unsigned client)
    : work_(as_bytes(work)), client_(client), media_(work_), wanted_(work_, media_) {
  turn_to_next();
}

void Checker::turn_to_next() {
  taken_ = 0;
  if (complete_ < wanted_.count(client_)) request_ = wanted_.at(client_, complete_);
}

void Checker::take(const std::uint8_t* bytes, std::size_t count) {
  while (count > 0 && intact_) {
    const std::uint64_t n = std::min<std::uint64_t>(count, request_.bytes.count() - taken_);
    expected_.clear();
    media_.read(request_.file, request_.offset.count() + taken_, Bytes(n), expected_);
    intact_ = n > 0 && complete_ < wanted_.count(client_) &&
              std::memcmp(expected_.bytes().data(), bytes, n) == 0;
    bytes += n;
    count -= n;
    taken_ += n;
    if (taken_ < request_.bytes.count()) continue;
    ++complete_;
    turn_to_next();
  }
}

bool Checker::complete() const {
  const bool all = wanted_.total(client_) == Bytes(0) || complete_ == wanted_.count(client_);
  return intact_ && taken_ == 0 && all;
}

}  // namespace copypath::native
