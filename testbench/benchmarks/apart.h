// Measures work in a process of its own, because a process elaborates one SystemC platform only,
// and so that each has a peak of memory of its own. Host time is the time that the process has used
// a core for: on a machine with nothing else to do, its wall-clock time.
#pragma once

#include <functional>
#include <vector>

namespace copypath::benchmarks {

/// What a run took of the machine that it ran on, and what it has simulated meanwhile.
struct Cost {
  double seconds = 0;    ///< host time, without what was prepared before
  double events = 0;     ///< evaluation phases of SystemC: instants, and delta cycles within them
  double peak = 0;       ///< bytes of memory
  double simulated = 0;  ///< seconds
  double payload = 0;    ///< bytes delivered
  double grants = 0;     ///< of the memory bus, in burst timing
};

/// The host time that this process has used so far, in seconds.
double host_time();

/// Runs `work` in a child process, which fills in what it has simulated and how long it took; the
/// peak of memory is filled in here. Throws std::runtime_error with what the child has thrown.
Cost measure_apart(const std::function<void(Cost&)>& work);

/// Measures several works that take turns for `rounds` rounds, and returns the least time and the
/// least peak of each: what disturbs the host disturbs all of them, and least the least.
std::vector<Cost> measure_in_turns(unsigned rounds,
                                   const std::vector<std::function<void(Cost&)>>& works);

}  // namespace copypath::benchmarks
