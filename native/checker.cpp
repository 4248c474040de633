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

Checker::Checker(const WorkloadConfig& work, unsigned client, std::uint32_t file)
    : work_(as_bytes(work)), client_(client), file_(file), media_(work_) {
  turn_to_next();
}

void Checker::turn_to_next() {
  request_ = request_of(work_, work_.file_size, client_, requests_);
  taken_ = 0;
}

void Checker::take(const std::uint8_t* bytes, std::size_t count) {
  while (count > 0 && intact_) {
    const std::uint64_t n = std::min<std::uint64_t>(count, request_.bytes.count() - taken_);
    expected_.clear();
    media_.read(file_, request_.offset.count() + taken_, Bytes(n), expected_);
    intact_ =
        n > 0 && requests_ < work_.requests && std::memcmp(expected_.bytes().data(), bytes, n) == 0;
    bytes += n;
    count -= n;
    taken_ += n;
    if (taken_ < request_.bytes.count()) continue;
    ++requests_;
    turn_to_next();
  }
}

bool Checker::complete() const {
  const bool all = request_.bytes == Bytes(0) || requests_ == work_.requests;
  return intact_ && taken_ == 0 && all;
}

}  // namespace copypath::native
