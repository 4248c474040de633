// A program that reads a file for itself (workload.kind = random_reader): it adds up the bytes, and
// nobody sends them anywhere.
#pragma once

#include <optional>

#include "native/checker.h"
#include "native/connection.h"

namespace copypath::native {

class LocalReader {
public:
  explicit LocalReader(Connection& connection) : connection_(connection) {
    if (connection.checked) {
      checker_.emplace(connection.config.workload, connection.number);
    }
  }
  ~LocalReader() { connection_.intact = !checker_ || checker_->complete(); }
  LocalReader(const LocalReader&) = delete;
  LocalReader& operator=(const LocalReader&) = delete;

  /// The program's pass over what it has read.
  void add_up(const std::uint8_t* bytes, std::size_t count);

private:
  Connection& connection_;
  std::optional<Checker> checker_;
  volatile std::uint64_t sum_ = 0;  ///< is not used, but the compiler does not know that
};

}  // namespace copypath::native
