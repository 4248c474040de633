// io_uring with registered buffers: O_DIRECT reads and zero-copy sends, a batch per system call.
// While the NIC sends one batch, the drive fills the buffers of the next.
#include <algorithm>
#include <utility>

#include "models/paths/all_paths.h"
#include "models/workload/connection.h"
#include "models/workload/requests.h"

namespace copypath {

namespace {

/// Once per connection: the rings, and two sets of buffers, whose pages stay pinned: each for a
/// batch, or for the largest request.
void set_up(Connection& c) {
  { const SystemCall io_uring_setup(c.kernel, c.task, Call::kIoUringSetup); }
  { const SystemCall map_rings(c.kernel, c.task, Call::kMmap); }
  { const SystemCall map_requests(c.kernel, c.task, Call::kMmap); }
  c.io_uring = std::make_unique<IoUring>(c.kernel.block, c.socket);
  const Bytes most = largest_request(c.config.workload);
  const Bytes size = std::min(c.chunk, most);
  const std::uint64_t batch =
      std::min<std::uint64_t>(c.config.workload.batch, units_covering(most, c.chunk));
  const auto frames = static_cast<unsigned>(units_covering(size, kPageSize));
  std::vector<std::uint64_t> buffers;
  for (std::uint64_t i = 0; i < 2 * batch; ++i) {
    buffers.push_back(address_of(c.memory.allocate_adjacent(frames)));
  }
  const SystemCall io_uring_register(c.kernel, c.task, Call::kIoUringRegister);
  c.io_uring->register_buffers(c.task, std::move(buffers), size);
}

/// What has been read, and into which buffer.
struct Chunk {
  unsigned buffer = 0;
  Bytes bytes;
};

void serve(Connection& c) {
  if (c.file.left() == Bytes(0)) return;
  if (c.io_uring == nullptr) set_up(c);
  IoUring& ring = *c.io_uring;
  const auto batch = static_cast<unsigned>(ring.buffers() / 2);
  unsigned set = 0;  // of buffers, that is read into
  std::vector<Chunk> ready;
  do {
    for (const Chunk& chunk : ready) ring.prepare_send(chunk.buffer, chunk.bytes);
    ready.clear();
    for (unsigned i = 0; i < batch && c.file.left() > Bytes(0); ++i) {
      const unsigned buffer = set * batch + i;
      ready.push_back({buffer, ring.prepare_read(c.file, buffer, c.chunk)});
    }
    {
      const SystemCall io_uring_enter(c.kernel, c.task, Call::kIoUringEnter);
      const std::size_t read = ring.submit_and_wait(c.task);  // sends one batch, reads the next
      if (read < ready.size()) c.file.failed = true;          // EIO: what is before it is sent
      ready.resize(read);
    }
    set = 1 - set;
  } while (!ready.empty());
}

std::string refuse(const Config& config) {
  if (config.kernel >= since::kSendZc) return unaligned_direct_read(config);
  return "needs Linux " + since::kSendZc.text() +
         " (IORING_OP_SEND_ZC), host.kernel = " + config.kernel.text() +
         "; direct_zc does the same with MSG_ZEROCOPY from " + since::kMsgZerocopy.text() + " on";
}

}  // namespace

const Path kIoUringZcPath{
    "io_uring_zc",
    "io_uring: O_DIRECT reads into registered buffers and zero-copy sends from them, a batch per "
    "system call: two DMA transfers, no copy by the CPU",
    {
        {"set up the rings and map them, once per connection", "io_uring_setup",
         "io_uring/io_uring.c"},
        {"register the buffers, whose pages are pinned for good", "io_sqe_buffers_register",
         "io_uring/rsrc.c"},
        {"the server writes a batch of requests into the submission ring: no system call",
         "io_uring_get_sqe", "liburing"},
        {"one call submits the batch and waits for it: one mode switch in", "io_uring_enter",
         "io_uring/io_uring.c"},
        {"each read goes to the drive straight from its buffer's table of pages", "io_read_fixed",
         "io_uring/rw.c"},
        {"the drive's DMA fills the buffers (copy 1, by DMA)", "nvme_queue_rq",
         "drivers/nvme/host/pci.c"},
        {"each send of the batch before, linked to keep their order, gets its notification",
         "io_send_zc_prep", "io_uring/net.c"},
        {"and appends the buffer's pages to skbs as fragments, without pinning them again",
         "io_sg_from_iter", "io_uring/net.c"},
        {"a send that finds the send buffer full is tried again when there is room",
         "io_arm_poll_handler", "io_uring/poll.c"},
        {"its result is the first completion (IORING_CQE_F_MORE)", "io_send_zc", "io_uring/net.c"},
        {"the NIC's DMA gathers the buffers' pages (copy 2, by DMA)", "-",
         "Intel 82599 datasheet, 7.2 Transmit Functionality"},
        {"the acknowledgement frees the last skb: the second completion (IORING_CQE_F_NOTIF)",
         "io_tx_ubuf_complete", "io_uring/notif.c"},
        {"return to the server, when all completions are there: one mode switch out",
         "syscall_exit_to_user_mode", "kernel/entry/common.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kFile,
    refuse};

}  // namespace copypath
