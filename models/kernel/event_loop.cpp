#include "models/kernel/event_loop.h"

namespace copypath {

class EventLoop::Member : public Waiter {
public:
  explicit Member(EventLoop& loop) : loop_(loop) {}

  void wait_for(WaitQueue& queue, const std::function<bool()>& ready) {
    queue_ = &queue;
    ready_ = &ready;
    queue.add(*this);
  }

  /// The socket says that something has changed.
  void wake() override {
    if (ready_ == nullptr) return;
    if (!(*ready_)()) return queue_->add(*this);
    ready_ = nullptr;
    loop_.report(*this);
  }

  sc_core::sc_event turn;

private:
  EventLoop& loop_;
  WaitQueue* queue_ = nullptr;
  const std::function<bool()>* ready_ = nullptr;
};

EventLoop::EventLoop(Kernel& kernel, Task& task) : kernel_(kernel), task_(task) {
  task.share(*this);
}

EventLoop::~EventLoop() = default;

EventLoop::Member& EventLoop::add() {
  members_.push_back(std::make_unique<Member>(*this));
  ++active_;
  batch_.push_back(members_.back().get());
  return *members_.back();
}

void EventLoop::join(Member& member) {
  if (&member != batch_.front() || current_ != nullptr) return sc_core::wait(member.turn);
  batch_.pop_front();
  current_ = &member;
  task_.start();
}

void EventLoop::leave() {
  if (--active_ == 0) return task_.finish();
  switch_to(next());
}

void EventLoop::wait(WaitQueue& queue, const std::function<bool()>& ready) {
  Member& me = *current_;
  SystemCall* const call = task_.system_call();
  if (call != nullptr) call->leave();
  task_.settle();
  while (!ready()) {
    me.wait_for(queue, ready);
    Member& other = next();
    taken_ = false;
    if (&other == &me) continue;
    switch_to(other);
    sc_core::wait(me.turn);
  }
  if (call != nullptr) call->enter();
}

void EventLoop::take_turn() {
  const bool yields = taken_ && !(batch_.empty() && events_.empty());
  taken_ = true;
  if (!yields) return;
  Member& me = *current_;
  events_.push_back(&me);  // a posted event
  Member& other = next();
  if (&other == &me) return;
  switch_to(other);
  sc_core::wait(me.turn);
  taken_ = true;
}

/// Whose turn it is next; asks epoll_wait() when all that it had reported is done.
EventLoop::Member& EventLoop::next() {
  if (batch_.empty()) {
    const SystemCall epoll_wait(kernel_, task_, Call::kEpollWait);
    task_.settle();
    while (events_.empty()) {
      asleep_ = true;
      task_.block("epoll_wait");
    }
    while (!events_.empty() && batch_.size() < kMostEvents) {
      batch_.push_back(events_.front());
      events_.pop_front();
    }
  }
  Member& member = *batch_.front();
  batch_.pop_front();
  return member;
}

void EventLoop::switch_to(Member& member) {
  current_ = &member;
  taken_ = false;
  member.turn.notify();
}

void EventLoop::report(Member& member) {
  events_.push_back(&member);
  if (!asleep_) return;
  asleep_ = false;
  task_.wake();
}

}  // namespace copypath
