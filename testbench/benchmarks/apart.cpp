#include "testbench/benchmarks/apart.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace copypath::benchmarks {

namespace {
constexpr std::size_t kLongestReason = 500;  // far less than a pipe holds
}

double host_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Cost measure_apart(const std::function<void(Cost&)>& work) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::runtime_error("cannot make a pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start a process");
  if (child == 0) {
    Cost cost;
    try {
      work(cost);
    } catch (const std::exception& error) {
      const std::string_view why = error.what();
      _exit(write(ends[1], why.data(), std::min(why.size(), kLongestReason)) < 0 ? 2 : 1);
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    cost.peak = static_cast<double>(usage.ru_maxrss) * 1024;
    _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, std::max(sizeof(Cost), kLongestReason)> said{};
  const ssize_t length = read(ends[0], said.data(), said.size());
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (length <= 0) throw std::runtime_error("a measured process has failed");
  if (status != 0) throw std::runtime_error(std::string(said.data(), static_cast<size_t>(length)));
  Cost cost;
  std::memcpy(&cost, said.data(), sizeof cost);
  return cost;
}

std::vector<Cost> measure_in_turns(unsigned rounds,
                                   const std::vector<std::function<void(Cost&)>>& works) {
  std::vector<Cost> best(works.size());
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < works.size(); ++i) {
      const Cost cost = measure_apart(works[i]);
      if (round == 0) best[i] = cost;
      best[i].seconds = std::min(best[i].seconds, cost.seconds);
      best[i].peak = std::min(best[i].peak, cost.peak);
    }
  }
  return best;
}

}  // namespace copypath::benchmarks
