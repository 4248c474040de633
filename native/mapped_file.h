// A window of a file, mapped with mmap() and given back with munmap(): two system calls, none for
// an empty window, which cannot be mapped. workload.map_populate has it filled in at once.
#pragma once

#include "native/connection.h"

namespace copypath::native {

class MappedFile {
public:
  /// Maps `bytes` from the next byte to send on; the whole of it at the start of a file.
  MappedFile(Connection& c, std::uint64_t bytes)
      : connection_(c), start_(c.position - c.position % kPageSize.count()) {
    if (bytes == 0) return;
    size_ = c.position - start_ + bytes;
    data_ = c.calls.mmap(c.file, start_, size_, c.config.workload.map_populate);
  }
  explicit MappedFile(Connection& c) : MappedFile(c, c.left()) {}
  ~MappedFile() {
    if (data_ != nullptr) connection_.calls.munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// The bytes that are to be sent next.
  const std::uint8_t* next() const {
    return static_cast<const std::uint8_t*>(data_) + (connection_.position - start_);
  }

private:
  Connection& connection_;
  std::uint64_t start_;
  std::uint64_t size_ = 0;
  void* data_ = nullptr;
};

}  // namespace copypath::native
