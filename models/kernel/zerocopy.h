// Sending the program's own memory by reference. MSG_ZEROCOPY: every send call has a number; when
// the last skb that refers to its memory is freed (acknowledged, and done with by the NIC), a
// notification on the socket's error queue says so. Follows msg_zerocopy_realloc() and
// __msg_zerocopy_callback() of net/core/skbuff.c (Linux 6.x).
// Left out: RLIMIT_MEMLOCK (the server may pin what it likes), UDP, huge pages.
// Sources: Documentation/networking/msg_zerocopy.rst; costs are keys.
#pragma once

#include <memory>
#include <vector>

#include "models/cpu/task.h"
#include "models/kernel/skb.h"
#include "models/small_queue.h"

namespace copypath {

/// Memory of a program that skbs refer to, and who is told when the last of them has been freed
/// (struct ubuf_info).
class UbufInfo {
public:
  virtual ~UbufInfo() = default;

  void hold() { ++references_; }
  void put() {
    if (--references_ == 0) released();
  }
  /// The kernel has copied the memory after all.
  void mark_copied() { copied_ = true; }
  bool copied() const { return copied_; }

protected:
  /// As new, with one reference.
  void restart() {
    references_ = 1;
    copied_ = false;
  }

private:
  virtual void released() = 0;  // may run in an interrupt: must not wait

  std::uint32_t references_ = 0;
  bool copied_ = false;
};

/// What a program learns from one read of the error queue: the sends [first, last] are complete
/// (struct sock_extended_err).
struct ZerocopyCompletion {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool copied = false;  ///< SO_EE_CODE_ZEROCOPY_COPIED; of a range, what its first send said

  std::uint32_t sends() const { return last - first + 1; }  // of counters that wrap around
};

/// What a socket knows about its sends with MSG_ZEROCOPY.
class Zerocopy {
public:
  /// What one notification takes from socket.optmem: the truesize of an skb without data (struct
  /// sk_buff and the smallest head, 256 + 704 bytes since Linux 6.3).
  static constexpr Bytes kNotificationSize{960};
  /// A notification stands for several calls up to this size (msg_zerocopy_realloc()).
  static constexpr Bytes kLargestNotification{512 * 1024};

  /// `first`: the number of the first send.
  explicit Zerocopy(Bytes optmem, std::uint32_t first = 0) : optmem_(optmem), next_(first) {}

  /// SO_ZEROCOPY
  void enable() { enabled_ = true; }
  bool enabled() const { return enabled_; }

  /// The notification of a send of `bytes`, with a reference for the caller: the one of the skb
  /// that the bytes will be appended to (`tail`, or nullptr), or a new one. nullptr: no memory for
  /// it (ENOBUFS).
  UbufInfo* begin(Task& task, Bytes bytes, UbufInfo* tail);

  /// poll(): blocks until there is something on the error queue.
  void wait(Task& task);
  /// recvmsg(MSG_ERRQUEUE): takes the first notification off the queue. There must be one.
  ZerocopyCompletion read();
  std::size_t queued() const { return error_queue_.size(); }  ///< notifications on it

  // Counted in send calls:
  std::uint64_t completed() const { return completed_; }
  std::uint64_t copied() const { return copied_; }    ///< of those, with a copy after all
  std::uint64_t refused() const { return refused_; }  ///< ENOBUFS

private:
  /// struct ubuf_info_msgzc
  struct Notification : UbufInfo {
    explicit Notification(Zerocopy& zerocopy) : owner(zerocopy) {}
    void start(std::uint32_t number, Bytes size);
    void released() override { owner.complete(*this); }

    Zerocopy& owner;
    std::uint32_t first = 0;
    std::uint32_t sends = 0;
    Bytes bytes;
  };

  bool extend(Notification& notification, Bytes bytes);
  void complete(Notification& notification);

  Bytes optmem_;
  Bytes charged_;
  bool enabled_ = false;
  std::uint32_t next_;  // number of the next send
  std::vector<std::unique_ptr<Notification>> notifications_;
  std::vector<Notification*> free_;
  SmallQueue<ZerocopyCompletion> error_queue_;
  WaitQueue readers_{"wait completion"};
  std::uint64_t completed_ = 0;
  std::uint64_t copied_ = 0;
  std::uint64_t refused_ = 0;
};

/// One send call with MSG_ZEROCOPY, from its notification to its return.
class ZerocopySend {
public:
  ZerocopySend(TcpSocket& socket, Task& task, Bytes bytes);
  ~ZerocopySend();
  ZerocopySend(const ZerocopySend&) = delete;
  ZerocopySend& operator=(const ZerocopySend&) = delete;

  /// false: no memory for its notification (ENOBUFS); nothing may be appended.
  explicit operator bool() const { return notification_ != nullptr; }
  /// Pins the pages, unless the socket has to copy them, and hands them to it, with their
  /// references. `more`: of this call.
  void append(const FragmentList& pages, bool more);

private:
  TcpSocket& socket_;
  Task& task_;
  UbufInfo* notification_;
};

/// [address, address + bytes) of the program's memory, a fragment for each page.
FragmentList user_pages(std::uint64_t address, Bytes bytes);

/// The same, pinned (iov_iter_get_pages2()), as vmsplice() puts them into a pipe.
FragmentList pin_user_pages(Task& task, std::uint64_t address, Bytes bytes);

/// skb_orphan_frags_rx(): an skb with notification that a program on this machine will receive must
/// not refer to the sender's memory any longer. Copies all of it into kernel memory, and marks the
/// notification; it still completes when the skb is freed. Does nothing to other skbs.
void orphan_fragments(Skb& skb, SkbAllocator& skbs, Execution& by);

}  // namespace copypath
