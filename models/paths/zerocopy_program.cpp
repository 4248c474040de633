#include "models/paths/zerocopy_program.h"

namespace copypath {

void enable_zerocopy(Connection& c) {
  if (c.socket.zerocopy().enabled()) return;
  const SystemCall setsockopt(c.kernel, c.task, Call::kSetsockopt);
  c.socket.zerocopy().enable();
}

void read_completions(Connection& c) {
  {
    const SystemCall poll(c.kernel, c.task, Call::kPoll);
    c.socket.zerocopy().wait(c.task);
  }
  {
    const SystemCall recvmsg(c.kernel, c.task, Call::kRecvmsg);
    c.completed += c.socket.zerocopy().read().sends();  // a range: everything since the last one
  }
}

BufferRing::Buffer& free_buffer(Connection& c) {
  BufferRing::Buffer& buffer = c.send_buffers.next();
  while (c.completed < buffer.free_at) read_completions(c);
  return buffer;
}

void send_zerocopy(Connection& c, BufferRing::Buffer& buffer, Bytes bytes) {
  for (;;) {
    {
      const SystemCall sendmsg(c.kernel, c.task, Call::kSendmsg);
      ZerocopySend send(c.socket, c.task, bytes);
      if (send) {
        send.append(user_pages(buffer.address, bytes), false);
        break;
      }
    }
    read_completions(c);
  }
  buffer.free_at = ++c.sent;
}

void finish_zerocopy(Connection& c) {
  while (c.completed < c.sent) read_completions(c);
}

std::string lacks_msg_zerocopy(const Config& config) {
  if (config.kernel >= since::kMsgZerocopy) return "";
  return "needs Linux " + since::kMsgZerocopy.text() +
         " (MSG_ZEROCOPY), host.kernel = " + config.kernel.text() +
         "; sendfile and splice send by reference on any";
}

}  // namespace copypath
