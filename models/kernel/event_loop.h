// Readiness events (epoll): one task serves many connections, each of which is a program of its own
// that reads as if it could block. Where it would wait for its socket, the system call returns
// (EAGAIN, or a short count), and the task turns to the next connection that has something to do;
// when none has, it asks epoll_wait(), which blocks until one has. The call is made again when the
// connection's turn comes. Waits for the disk block the task, and with it all of its connections.
// Follows the loop of ngx_epoll_process_events() with edge-triggered events. Left out: the cost of
// an event beyond the call that reports it, accept(), timers, disk reads in threads.
#pragma once

#include <memory>
#include <vector>

#include "models/kernel/kernel.h"
#include "models/recycled.h"

namespace copypath {

class EventLoop : public Multiplexer {
public:
  /// Events that one epoll_wait() reports at most (events { } of nginx).
  static constexpr std::size_t kMostEvents = 512;

  class Member;

  EventLoop(Kernel& kernel, Task& task);
  ~EventLoop() override;

  /// A connection of the task. To be called before the simulation starts.
  Member& add();

  /// The first thing that a connection's process does: waits for its turn.
  void join(Member& member);
  /// The last thing: gives its turn away.
  void leave();

  void wait(WaitQueue& queue, const std::function<bool()>& ready) override;
  void take_turn() override;

private:
  Member& next();
  void switch_to(Member& member);
  void report(Member& member);

  Kernel& kernel_;
  Task& task_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t active_ = 0;  // members that have not left
  Member* current_ = nullptr;
  bool taken_ = false;    // the current one has had its turn
  Fifo<Member*> batch_;   // reported by the last epoll_wait(), or new
  Fifo<Member*> events_;  // since then
  bool asleep_ = false;
};

}  // namespace copypath
