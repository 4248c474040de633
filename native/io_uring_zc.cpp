// io_uring: O_DIRECT reads into registered buffers, and zero-copy sends from them, a batch per
// system call. Two sets of buffers take turns: while one is sent, the drive fills the other. A send
// completes twice: with its result, and with the notification that its buffer is free again.
#include <liburing.h>

#include <algorithm>
#include <optional>

#include "native/all_paths.h"
#include "native/resources.h"

// Of Linux 6.2, newer than the liburing of Debian 12.
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

namespace copypath::native {

namespace {

/// What is to be read into a buffer, or sent from it.
struct Piece {
  unsigned buffer;
  std::size_t bytes;
};

/// Throws Unsupported where the kernel cannot do it. By a ring of its own, as a program would find
/// out when it starts.
void probe() {
  io_uring_probe* const probe = io_uring_get_probe();
  const bool known = probe != nullptr && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
  if (probe != nullptr) io_uring_free_probe(probe);
  if (!known) throw Unsupported("io_uring: this kernel has no IORING_OP_SEND_ZC (Linux 6.0)");
}

class Ring {
public:
  /// For batches of so many sends and reads.
  Ring(Connection& c, const std::vector<Buffer>& buffers, unsigned batch)
      : connection_(c), buffers_(buffers) {
    c.calls.io_uring_setup(ring_, 2 * batch);
    std::vector<iovec> vectors;
    for (const Buffer& buffer : buffers) vectors.push_back({buffer.data(), buffer.size()});
    try {
      c.calls.io_uring_register(ring_, vectors.data(), static_cast<unsigned>(vectors.size()));
    } catch (...) {
      io_uring_queue_exit(&ring_);
      throw;
    }
  }
  ~Ring() { io_uring_queue_exit(&ring_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Asks for whole blocks, in which the wanted bytes are.
  void prepare_read(const Piece& piece, std::uint64_t position) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    const auto blocks = connection_.read_size(piece.bytes, connection_.chunk);
    io_uring_prep_read_fixed(entry, connection_.file, buffers_[piece.buffer].data(),
                             static_cast<unsigned>(blocks), position,
                             static_cast<int>(piece.buffer));
    io_uring_sqe_set_data64(entry, kRead | piece.bytes);
    completions_due_ += 1;
  }

  /// After the send before: a link keeps their order.
  void prepare_send(const Piece& piece, bool last) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    io_uring_prep_send_zc_fixed(entry, connection_.socket, buffers_[piece.buffer].data(),
                                piece.bytes, MSG_WAITALL | MSG_NOSIGNAL,
                                IORING_SEND_ZC_REPORT_USAGE, piece.buffer);
    if (!last) entry->flags |= IOSQE_IO_LINK;
    io_uring_sqe_set_data64(entry, piece.bytes);
    completions_due_ += 2;
  }

  /// Submits what has been prepared, and waits for all of it: one for a read, two for a send.
  void submit_and_wait() {
    while (completions_due_ > 0) {
      connection_.calls.io_uring_enter(ring_, completions_due_);
      io_uring_cqe* entry = nullptr;
      while (io_uring_peek_cqe(&ring_, &entry) == 0) {
        take(*entry);
        io_uring_cqe_seen(&ring_, entry);
      }
    }
  }

private:
  static constexpr std::uint64_t kRead = std::uint64_t{1} << 63;  // in a request's user_data

  void take(const io_uring_cqe& entry) {
    --completions_due_;
    if ((entry.flags & IORING_CQE_F_NOTIF) != 0) {
      ++connection_.notifications.sends;
      const bool copied = (static_cast<unsigned>(entry.res) & IORING_NOTIF_USAGE_ZC_COPIED) != 0;
      connection_.notifications.copied += copied ? 1 : 0;
      return;
    }
    const bool read = (entry.user_data & kRead) != 0;
    if (entry.res < 0) fail(read, -entry.res);
    const std::uint64_t wanted = entry.user_data & ~kRead;
    if (static_cast<std::uint64_t>(entry.res) < wanted) {
      throw Disconnected("io_uring: the bytes ended early");
    }
  }

  [[noreturn]] static void fail(bool read, int error) {
    errno = error;
    const std::string what = with_reason(read ? "io_uring: READ_FIXED" : "io_uring: SEND_ZC");
    if (error == EPIPE || error == ECONNRESET) throw Disconnected(what);
    if (error == EINVAL || error == EOPNOTSUPP) throw Unsupported(what);
    throw std::runtime_error(what);
  }

  Connection& connection_;
  const std::vector<Buffer>& buffers_;
  io_uring ring_{};
  unsigned completions_due_ = 0;
};

/// Chunks that one call sends, and reads ahead, at most: the batch, or the largest request.
unsigned batch_of(const Connection& c) {
  std::uint64_t chunks = 1;
  for (std::uint64_t i = 0; i < c.requests.count(c.number); ++i) {
    chunks = std::max(chunks, units_covering(c.requests.at(c.number, i).bytes, Bytes(c.chunk)));
  }
  return static_cast<unsigned>(std::min<std::uint64_t>(c.config.workload.batch, chunks));
}

std::vector<Buffer> make_buffers(const Connection& c, unsigned count) {
  constexpr std::uint64_t kMemory = 1024 * 1024 * 1024;
  if (count * c.chunk > kMemory) {
    throw Unsupported("io_uring: workload.batch chunks of workload.chunk, twice, are over a GiB");
  }
  std::vector<Buffer> buffers;
  buffers.reserve(count);
  for (unsigned i = 0; i < count; ++i) buffers.emplace_back(c.chunk);
  return buffers;
}

void serve(Connection& c) {
  probe();
  const unsigned batch = batch_of(c);
  const std::vector<Buffer> buffers = make_buffers(c, 2 * batch);
  std::optional<Ring> ring;
  unsigned set = 0;  // of buffers, that is read into
  std::vector<Piece> ready;
  while (c.next_request()) {
    if (c.left() == 0) continue;
    if (!ring) ring.emplace(c, buffers, batch);
    do {
      for (const Piece& piece : ready) ring->prepare_send(piece, &piece == &ready.back());
      ready.clear();
      for (unsigned i = 0; i < batch && c.left() > 0; ++i) {
        ready.push_back({set * batch + i, c.next_chunk()});
        ring->prepare_read(ready.back(), c.position);  // by DMA
        c.position += ready.back().bytes;
      }
      ring->submit_and_wait();  // sends one batch, by reference, and reads the next
      set = 1 - set;
    } while (!ready.empty());
  }
}

}  // namespace

const Path kIoUringZcPath{"io_uring_zc",
                          "io_uring with O_DIRECT reads and zero-copy sends of registered buffers, "
                          "a batch per call",
                          serve, Source::kDirectFile};

}  // namespace copypath::native
