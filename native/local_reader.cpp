#include "native/local_reader.h"

#include "native/add_up.h"

namespace copypath::native {

void LocalReader::add_up(const std::uint8_t* bytes, std::size_t count) {
  connection_.stop_if_given_up();
  sum_ = native::add_up(bytes, count);
  connection_.added_up += count;
  if (checker_) checker_->take(bytes, count);
}

}  // namespace copypath::native
