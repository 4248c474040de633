// A proxy with recv() + send(): what it fetches from the origin goes through a buffer of its own.
// The way of every proxy that looks at the bytes, or was written before splice().
#include "models/paths/all_paths.h"
#include "models/paths/proxy.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  ask_origin(c);
  const std::uint64_t buffer = c.user_buffer();
  while (c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall recv(c.kernel, c.task, Call::kRecv);
      n = c.upstream->recv(c.task, buffer, c.chunk);  // copy to the caller
    }
    {
      const SystemCall send(c.kernel, c.task, Call::kSend);
      c.socket.send(c.task, {{buffer, static_cast<std::uint32_t>(n.count())}});  // and back
    }
    c.file.position += n;
  }
}

}  // namespace

const Path kProxyReadWritePath{
    "proxy_read_write",
    "a proxy: recv() from the origin into a buffer, send() it to the client: two DMA transfers and "
    "two copies by the CPU",
    {
        {"the proxy asks the origin for the file: send() of a small request", "tcp_sendmsg",
         "net/ipv4/tcp.c"},
        {"the NIC's DMA places the frames that arrive in memory (copy 1, by DMA)", "-",
         "Intel 82599 datasheet, 7.1 Receive Functionality"},
        {"merge the frames of a connection into one packet", "dev_gro_receive", "net/core/gro.c"},
        {"queue the packet at the socket and wake the proxy", "tcp_data_queue",
         "net/ipv4/tcp_input.c"},
        {"the proxy asks for the next chunk: one mode switch in", "__sys_recvfrom", "net/socket.c"},
        {"sleep while the queue is empty", "sk_wait_data", "net/core/sock.c"},
        {"copy what is there, at least a byte, into the caller's buffer (copy 2, by the CPU)",
         "tcp_recvmsg_locked", "net/ipv4/tcp.c"},
        {"free the memory, and acknowledge: the window opens", "tcp_cleanup_rbuf",
         "net/ipv4/tcp.c"},
        {"return to the proxy: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the proxy passes the same buffer to send(): one mode switch in", "__sys_sendto",
         "net/socket.c"},
        {"wait while the send buffer is full", "sk_stream_wait_memory", "net/core/stream.c"},
        {"copy the buffer into kernel memory behind skbs (copy 3, by the CPU)",
         "tcp_sendmsg_locked", "net/ipv4/tcp.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"return to the proxy: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the kernel memory (copy 4, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the kernel memory", "tcp_clean_rtx_queue",
         "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kOrigin,
    needs_origin};

}  // namespace copypath
