// io_uring: O_DIRECT reads into registered buffers, and zero-copy sends from them. Two buffers take
// turns, and one io_uring_enter() submits the read into one and the send from the other. A send
// completes twice: with its result, and with the notification that its buffer is free again.
#include <liburing.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "native/all_paths.h"
#include "native/resources.h"

// Of Linux 6.2, newer than the liburing of Debian 12.
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3)
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)
#endif

namespace copypath::native {

namespace {

enum Operation : std::uintptr_t { kRead, kSend };

class Ring {
public:
  explicit Ring(Connection& c) : connection_(c), buffers_{Buffer(c.chunk), Buffer(c.chunk)} {
    const int result = io_uring_queue_init(8, &ring_, 0);
    check(result, "io_uring_setup()");
    const std::array<iovec, 2> vectors{iovec{buffers_[0].data(), buffers_[0].size()},
                                       iovec{buffers_[1].data(), buffers_[1].size()}};
    try {
      io_uring_probe* const probe = io_uring_get_probe_ring(&ring_);
      const bool known = probe != nullptr && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
      io_uring_free_probe(probe);
      if (!known) throw Unsupported("io_uring: this kernel has no IORING_OP_SEND_ZC (Linux 6.0)");
      check(io_uring_register_buffers(&ring_, vectors.data(), 2),
            "io_uring: registering the buffers (RLIMIT_MEMLOCK)");
    } catch (...) {
      io_uring_queue_exit(&ring_);
      throw;
    }
  }
  ~Ring() { io_uring_queue_exit(&ring_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Reads whole blocks into that buffer, once it is free.
  void submit_read(unsigned buffer, std::uint64_t position) {
    while (pinned_[buffer] > 0) collect();
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    io_uring_prep_read_fixed(entry, connection_.file, buffers_[buffer].data(),
                             static_cast<unsigned>(connection_.chunk), position,
                             static_cast<int>(buffer));
    expect(entry, kRead, buffer);
  }

  void submit_send(unsigned buffer, std::size_t from, std::size_t bytes) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    io_uring_prep_send_zc_fixed(entry, connection_.socket, buffers_[buffer].data() + from, bytes,
                                MSG_WAITALL | MSG_NOSIGNAL, IORING_SEND_ZC_REPORT_USAGE, buffer);
    expect(entry, kSend, buffer);
  }

  /// Waits for the results of all that has been submitted.
  void wait() {
    while (results_due_ > 0) collect();
  }

  /// Waits until no buffer is in use any more.
  void wait_for_notifications() {
    while (pinned_[0] + pinned_[1] > 0) collect();
  }

  std::size_t bytes_read() const { return bytes_read_; }
  std::size_t bytes_sent() const { return bytes_sent_; }

private:
  static void check(int result, const char* what) {
    if (result >= 0) return;
    errno = -result;
    throw Unsupported(with_reason(what));
  }

  void expect(io_uring_sqe* entry, Operation operation, unsigned buffer) {
    io_uring_sqe_set_data64(entry, operation << 1 | buffer);
    ++results_due_;
  }

  /// Submits, and takes what has completed, at least one.
  void collect() {
    connection_.calls.io_uring_enter(ring_, std::max(results_due_, 1U));
    io_uring_cqe* entry = nullptr;
    while (io_uring_peek_cqe(&ring_, &entry) == 0) {
      take(*entry);
      io_uring_cqe_seen(&ring_, entry);
    }
  }

  void take(const io_uring_cqe& entry) {
    const auto buffer = static_cast<std::size_t>(entry.user_data & 1);
    if ((entry.flags & IORING_CQE_F_NOTIF) != 0) {
      --pinned_[buffer];
      ++connection_.notifications.sends;
      const bool copied = (static_cast<unsigned>(entry.res) & IORING_NOTIF_USAGE_ZC_COPIED) != 0;
      connection_.notifications.copied += copied ? 1 : 0;
      return;
    }
    --results_due_;
    const bool send = entry.user_data >> 1 == kSend;
    if ((entry.flags & IORING_CQE_F_MORE) != 0) ++pinned_[buffer];
    if (entry.res < 0) fail(send, -entry.res);
    (send ? bytes_sent_ : bytes_read_) = static_cast<std::size_t>(entry.res);
  }

  [[noreturn]] static void fail(bool send, int error) {
    errno = error;
    const std::string what = with_reason(send ? "io_uring: SEND_ZC" : "io_uring: READ_FIXED");
    if (error == EPIPE || error == ECONNRESET) throw Disconnected(what);
    if (error == EINVAL || error == EOPNOTSUPP) throw Unsupported(what);
    throw std::runtime_error(what);
  }

  Connection& connection_;
  std::array<Buffer, 2> buffers_;
  io_uring ring_{};
  unsigned results_due_ = 0;
  std::array<unsigned, 2> pinned_{};  ///< sends whose notification has not come
  std::size_t bytes_read_ = 0;        ///< by the last read
  std::size_t bytes_sent_ = 0;        ///< by the last send
};

void serve(Connection& c) {
  Ring ring(c);
  while (c.next_request()) {
    std::uint64_t read = c.position;  // up to where the file has been read
    std::size_t filled = 0;           // bytes to send, in the buffer other than `next`
    for (unsigned next = 0; c.left() > 0; next ^= 1U) {
      const bool more = read < c.end;
      if (more) ring.submit_read(next, read);                  // by DMA
      if (filled > 0) ring.submit_send(next ^ 1U, 0, filled);  // by reference
      ring.wait();
      for (std::size_t sent = filled == 0 ? 0 : ring.bytes_sent(); sent < filled;) {
        ring.submit_send(next ^ 1U, sent, filled - sent);  // the rest of a short one
        ring.wait();
        sent += ring.bytes_sent();
      }
      c.position += filled;
      filled = more ? ring.bytes_read() : 0;
      read += filled;
      if (more && filled == 0) throw Disconnected("io_uring: the bytes ended early");
    }
    ring.wait_for_notifications();
  }
}

}  // namespace

const Path kIoUringZcPath{"io_uring_zc",
                          "io_uring with O_DIRECT reads and zero-copy sends of registered buffers",
                          serve, Source::kDirectFile};

}  // namespace copypath::native
