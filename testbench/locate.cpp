#include "testbench/locate.h"

#include <filesystem>
#include <system_error>

namespace copypath {

std::string shipped_folder() {
  std::error_code unreadable;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  const auto prefix = program.parent_path().parent_path();
  const auto installed = prefix / "share/copypath/scenarios";
  if (std::filesystem::is_directory(installed, unreadable)) {
    return installed.string();
  }
  return COPYPATH_SCENARIOS;
}

}  // namespace copypath
