#include "native/processors.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace copypath::native {

namespace {

/// What identifies the core that a processor is a thread of.
std::string core_of(int processor) {
  std::ifstream file(
      fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", processor));
  std::string siblings;
  return std::getline(file, siblings) ? siblings : std::to_string(processor);
}

}  // namespace

Processors divide_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  Processors divided;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed)) divided.servers.push_back(processor);
  }
  if (divided.servers.empty()) divided.servers.push_back(0);
  divided.clients = divided.servers.back();
  if (divided.servers.size() == 1) return divided;
  divided.servers.pop_back();
  std::vector<int> other_cores;
  std::copy_if(divided.servers.begin(), divided.servers.end(), std::back_inserter(other_cores),
               [core = core_of(divided.clients)](int p) { return core_of(p) != core; });
  if (!other_cores.empty()) divided.servers = other_cores;
  return divided;
}

void run_on(int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  sched_setaffinity(0, sizeof one, &one);
}

ProcessorsKept::ProcessorsKept() { sched_getaffinity(0, sizeof before_, &before_); }
ProcessorsKept::~ProcessorsKept() { sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace copypath::native
