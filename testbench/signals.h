// Interrupts of the program: the first one asks the simulations to wind up, the second one ends
// them at once. The same counter serves the parent and, after the fork, its children.
#pragma once

#include <sys/types.h>

namespace copypath {

/// While it lives, SIGINT, SIGTERM and SIGHUP are counted instead of ending the process, and
/// writing to a closed pipe is an error instead of the end.
class SignalGuard {
public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
};

/// The first signal that came, 0 if none, and how many came.
int interrupt_signal();
int interrupt_count();

/// For a child of `parent`: only the parent tells it to stop, and it stops when the parent dies.
void follow_parent(pid_t parent);

}  // namespace copypath
