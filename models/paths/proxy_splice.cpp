// A proxy with splice(): the pipe takes references to the memory in which the frames have arrived,
// and passes them on to the client's socket. The NIC sends the bytes from where it has put them.
#include "models/paths/all_paths.h"
#include "models/paths/proxy.h"

namespace copypath {

namespace {

void serve(Connection& c) {
  ask_origin(c);
  while (c.file.left() > Bytes(0)) {
    FragmentList pipe;
    {
      const SystemCall splice_in(c.kernel, c.task, Call::kSplice);  // socket to pipe
      pipe = c.upstream->splice_read(c.task, c.chunk, c.config.pipe.size / kPageSize);
    }
    {
      const SystemCall splice_out(c.kernel, c.task, Call::kSplice);  // pipe to socket
      c.socket.send_pages(c.task, pipe, false);
    }
    c.file.position += size_of(pipe);
  }
}

}  // namespace

const Path kProxySplicePath{
    "proxy_splice",
    "a proxy: splice() from the origin's socket into a pipe and on into the client's: two DMA "
    "transfers, no copy by the CPU",
    {
        {"the proxy asks the origin for the file: send() of a small request", "tcp_sendmsg",
         "net/ipv4/tcp.c"},
        {"the NIC's DMA places the frames that arrive in memory (copy 1, by DMA)", "-",
         "Intel 82599 datasheet, 7.1 Receive Functionality"},
        {"merge the frames of a connection into one packet", "dev_gro_receive", "net/core/gro.c"},
        {"queue the packet at the socket and wake the proxy", "tcp_data_queue",
         "net/ipv4/tcp_input.c"},
        {"socket to pipe: one mode switch in", "do_splice", "fs/splice.c"},
        {"sleep while the queue is empty", "sk_wait_data", "net/core/sock.c"},
        {"put references to the payload into the pipe, a frame per buffer", "skb_splice_bits",
         "net/core/skbuff.c"},
        {"acknowledge: the window opens, although the memory is still in use", "tcp_cleanup_rbuf",
         "net/ipv4/tcp.c"},
        {"return to the proxy: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"pipe to socket: one mode switch in", "do_splice", "fs/splice.c"},
        {"hand the pages to the socket (MSG_SPLICE_PAGES)", "splice_to_socket", "fs/splice.c"},
        {"append the pieces to skbs as fragments, at most 17", "skb_splice_from_iter",
         "net/core/skbuff.c"},
        {"send what the window allows", "tcp_write_xmit", "net/ipv4/tcp_output.c"},
        {"return to the proxy: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the NIC's DMA gathers the payload from where it has put it (copy 2, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement drops the references, the last one frees the memory",
         "tcp_clean_rtx_queue", "net/ipv4/tcp_input.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kOrigin,
    needs_origin};

}  // namespace copypath
