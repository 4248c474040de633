// A socket that sends by reference (MSG_ZEROCOPY). The memory that was sent must stay as it is
// until the kernel has said on the socket's error queue that it is done with it; one notification
// covers a range of sends, and says whether their bytes have been copied after all, as they always
// are on loopback.
#pragma once

#include "native/connection.h"

namespace copypath::native {

class ZeroCopySocket {
public:
  /// Throws Unsupported where the kernel has no MSG_ZEROCOPY.
  explicit ZeroCopySocket(Connection& c);

  /// Returns the number of sends made so far, to be waited for before the bytes are changed.
  std::uint64_t send_all(const void* from, std::size_t bytes);

  /// Waits until so many sends have completed.
  void wait_for(std::uint64_t sends);
  void wait_for_all() { wait_for(sends_); }

private:
  bool read_notification();

  Connection& connection_;
  std::uint64_t sends_ = 0;
};

}  // namespace copypath::native
