// What sysfs, procfs and uname say of this machine.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "native/primitives.h"
#include "native/processors.h"

namespace copypath::native {

namespace {

/// The number at the start of a file, "32768K" included; 0 if there is none.
std::uint64_t number_in(const std::string& file) {
  std::ifstream stream(file);
  std::uint64_t number = 0;
  char unit = ' ';
  stream >> number;
  if (stream.get(unit) && unit == 'K') number *= 1024;
  if (unit == 'M') number *= 1024 * 1024;
  return number;
}

std::uint64_t last_cache() {
  const int processor = divide_processors().servers.front();
  std::uint64_t size = 0;
  for (int level = 0;; ++level) {
    const std::uint64_t found = number_in(
        fmt::format("/sys/devices/system/cpu/cpu{}/cache/index{}/size", processor, level));
    if (found == 0) return size;
    size = found;
  }
}

std::uint64_t readahead(const std::string& folder) {
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return 0;
  return 1024 * number_in(fmt::format("/sys/class/bdi/{}:{}/read_ahead_kb", major(status.st_dev),
                                      minor(status.st_dev)));
}

}  // namespace

HostFacts host_facts(const std::string& folder) {
  HostFacts facts;
  utsname names{};
  uname(&names);
  facts.kernel = names.release;
  const Processors divided = divide_processors();
  const bool shared = divided.servers.front() == divided.clients;
  facts.processors = static_cast<unsigned>(divided.servers.size()) + (shared ? 0 : 1);
  facts.memory = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                 static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  facts.last_cache = last_cache();
  facts.readahead = readahead(folder);
  return facts;
}

}  // namespace copypath::native
