// io_uring with registered buffers: requests go to the kernel through a ring in shared memory (SQ),
// their results come back through another (CQ), and one io_uring_enter() hands over a batch and
// waits for it. Reads fill registered buffers by O_DIRECT; sends (IORING_OP_SEND_ZC) are linked, so
// that they keep their order, and complete twice: with their result (F_MORE), and when their memory
// is free again (F_NOTIF). Follows io_uring/net.c and io_uring/notif.c (Linux 6.x).
// Left out: SQPOLL, overflow of the rings, short sends, notifications that share an skb (6.10).
#pragma once

#include <memory>
#include <vector>

#include "models/kernel/file_read.h"
#include "models/kernel/tcp_socket.h"

namespace copypath {

class IoUring {
public:
  IoUring(BlockLayer& block, TcpSocket& socket) : block_(block), socket_(socket) {}

  /// IORING_REGISTER_BUFFERS: pins buffers of `bytes` each, for good.
  void register_buffers(Task& task, std::vector<std::uint64_t> addresses, Bytes bytes);

  std::size_t buffers() const { return buffers_.size(); }  ///< registered

  /// Puts a request into the submission ring. No system call, so nothing happens yet.
  /// IORING_OP_READ_FIXED: up to `wanted` bytes from the file's position into registered buffer
  /// number `buffer`; advances the position, and returns how many; fewer only at the end of the
  /// file.
  Bytes prepare_read(OpenFile& file, unsigned buffer, Bytes wanted);
  /// IORING_OP_SEND_ZC of what is in registered buffer number `buffer`, linked to the send before.
  void prepare_send(unsigned buffer, Bytes bytes);

  /// io_uring_enter(): submits what has been prepared, and blocks until all of it is complete:
  /// one CQE for a read, two for a send. Returns how many reads have brought something before the
  /// first one that failed (res = -EIO): all of them, normally.
  std::size_t submit_and_wait(Task& task);

  std::uint64_t sends_completed() const { return completed_; }  ///< CQEs with F_NOTIF
  std::uint64_t sends_copied() const { return copied_; }        ///< of those, after a copy
  std::uint64_t completions() const { return posted_; }         ///< CQEs

private:
  struct Request {
    std::uint32_t file;
    Bytes position;
    std::uint64_t buffer;
    Bytes bytes;
  };
  /// Requests to the drive of which a read consists.
  struct Read : BlockRequest {
    explicit Read(IoUring& owner) : ring(owner) {}
    void finished() override { ring.finish(*this); }

    IoUring& ring;
    unsigned pending = 0;
  };
  /// struct io_notif_data
  struct Notification : UbufInfo {
    explicit Notification(IoUring& owner) : ring(owner) {}
    void start() { restart(); }
    void released() override { ring.finish(*this); }

    IoUring& ring;
  };

  void issue(Task& task, const Request& read, Read& state);
  void issue(Task& task, const Request& send);
  void finish(Read& read);
  void finish(Notification& notification);
  void post();

  BlockLayer& block_;
  TcpSocket& socket_;
  std::vector<std::uint64_t> buffers_;  // registered
  std::vector<Request> reads_;          // the submission ring
  std::vector<Request> sends_;
  std::vector<std::unique_ptr<Read>> read_states_;
  std::vector<std::unique_ptr<Notification>> notifications_;
  std::vector<Notification*> free_;
  unsigned outstanding_ = 0;  // CQEs
  std::uint64_t posted_ = 0;
  WaitQueue waiters_{"wait completion"};
  std::uint64_t completed_ = 0;
  std::uint64_t copied_ = 0;
};

}  // namespace copypath
