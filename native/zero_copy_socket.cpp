#include "native/zero_copy_socket.h"

#include <netinet/in.h>

#include <array>
#include <cstring>
// The kernel's header does without the C library's timespec only if that has been included.
#include <linux/errqueue.h>
#include <ctime>

namespace copypath::native {

ZeroCopySocket::ZeroCopySocket(Connection& c) : connection_(c) { c.calls.allow_zerocopy(c.socket); }

std::uint64_t ZeroCopySocket::send_all(const void* from, std::size_t bytes) {
  const char* next = static_cast<const char*>(from);
  while (bytes > 0) {
    const std::size_t n = connection_.calls.send_zerocopy(connection_.socket, next, bytes);
    if (n > 0) {
      ++sends_;
      next += n;
      bytes -= n;
    } else if (connection_.notifications.sends < sends_) {
      ++connection_.notifications.refused;
      wait_for(connection_.notifications.sends + 1);  // makes room
    } else {
      throw Unsupported(kNoRoomForZerocopy);
    }
  }
  return sends_;
}

void ZeroCopySocket::wait_for(std::uint64_t sends) {
  while (connection_.notifications.sends < sends) {
    if (read_notification()) continue;
    connection_.calls.poll_error(connection_.socket);
    if (!read_notification()) throw Disconnected("poll(): the connection has failed");
  }
}

bool ZeroCopySocket::read_notification() {
  alignas(cmsghdr) std::array<char, 128> control;
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (!connection_.calls.receive_error(connection_.socket, message)) return false;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_IP || header->cmsg_type != IP_RECVERR) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(header), sizeof error);
    if (error.ee_origin != SO_EE_ORIGIN_ZEROCOPY || error.ee_errno != 0) continue;
    const std::uint32_t completed = error.ee_data - error.ee_info + 1;  // a range, from and to
    connection_.notifications.sends += completed;
    if ((error.ee_code & SO_EE_CODE_ZEROCOPY_COPIED) != 0) {
      connection_.notifications.copied += completed;
    }
  }
  return true;
}

}  // namespace copypath::native
