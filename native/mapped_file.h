// The whole of a file, mapped for the length of a request: two system calls, none for an empty
// file, which cannot be mapped.
#pragma once

#include "native/connection.h"

namespace copypath::native {

class MappedFile {
public:
  explicit MappedFile(Connection& c, int flags = 0) : connection_(c) {
    if (c.size > 0) data_ = static_cast<const std::uint8_t*>(c.calls.mmap(c.file, c.size, flags));
  }
  ~MappedFile() {
    if (data_ != nullptr)
      connection_.calls.munmap(const_cast<std::uint8_t*>(data_), connection_.size);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// The bytes that are to be sent next.
  const std::uint8_t* next() const { return data_ + connection_.position; }

private:
  Connection& connection_;
  const std::uint8_t* data_ = nullptr;
};

}  // namespace copypath::native
