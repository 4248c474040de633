// Which processors a run uses: the clients get one to themselves, the server threads the others.
#pragma once

#include <sched.h>

#include <vector>

namespace copypath::native {

struct Processors {
  std::vector<int> servers;  ///< server thread i runs on the i-th of these, in turns
  int clients = 0;           ///< the clients, and a proxy's origin
};

/// Of those that this process may use. Two threads of one core are not given to both sides if it
/// can be avoided; with a single processor there is nothing to divide.
Processors divide_processors();

/// Binds this thread, and those that it starts from now on.
void run_on(int processor);

/// Gives this thread back the processors that it had.
class ProcessorsKept {
public:
  ProcessorsKept();
  ~ProcessorsKept();
  ProcessorsKept(const ProcessorsKept&) = delete;
  ProcessorsKept& operator=(const ProcessorsKept&) = delete;

private:
  cpu_set_t before_{};
};

}  // namespace copypath::native
