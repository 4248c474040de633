// Output files that appear whole or not at all: temporary, check, rename.
// Leaves out fsync: a result that a power failure takes away is made again by running again.
#include "testbench/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "models/platform/simulate.h"

namespace copypath {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& target, const std::string& reason) {
  throw OutputError(fmt::format("cannot write {}: {}", target, reason));
}

[[noreturn]] void fail(const std::string& target, int error) { fail(target, std::strerror(error)); }

std::string folder_of(const std::string& file) {
  const fs::path folder = fs::path(file).parent_path();
  return folder.empty() ? "." : folder.string();
}

bool is_open_as(int descriptor, const struct stat& file) {
  struct stat open_file {};
  return fstat(descriptor, &open_file) == 0 && open_file.st_dev == file.st_dev &&
         open_file.st_ino == file.st_ino;
}

/// A name such as /dev/stdout or /dev/fd/3, which may lead to a regular file that someone else
/// holds open and expects to be written in place.
bool names_a_descriptor(const std::string& target) {
  std::error_code ignored;
  std::string folder = fs::weakly_canonical(folder_of(target), ignored).string();
  if (fs::is_symlink(target, ignored) && folder == "/dev") {
    folder = fs::read_symlink(target, ignored).parent_path().string();
  }
  return folder.compare(0, 6, "/proc/") == 0;
}

bool must_be_written_directly(const std::string& target, const struct stat& status) {
  return !S_ISREG(status.st_mode) || is_open_as(STDOUT_FILENO, status) ||
         names_a_descriptor(target);
}

void check_folder(const std::string& target, const std::string& destination) {
  const std::string folder = folder_of(destination);
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) {
    if (errno == ENOENT) fail(target, fmt::format("the folder {} does not exist", folder));
    fail(target, errno);
  }
  if (!S_ISDIR(status.st_mode)) fail(target, fmt::format("{} is not a folder", folder));
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    fail(target, fmt::format("the folder {}: {}", folder, std::strerror(errno)));
  }
}

mode_t usual_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

/// Creates an empty file beside `destination`, with its extension, for those who look at it.
std::string create_temporary(const std::string& target, const std::string& destination,
                             mode_t mode) {
  const std::string extension = fs::path(target).extension().string();
  const std::string suffix = extension.size() <= 16 ? extension : std::string();
  std::string name = folder_of(destination) + "/.copypath-XXXXXX" + suffix;
  const int file = mkostemps(name.data(), static_cast<int>(suffix.size()), O_CLOEXEC);
  if (file < 0) fail(target, errno);
  fchmod(file, mode);
  close(file);
  return name;
}

void write_all(int file, const std::string& target, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(target, errno);
    written += static_cast<std::size_t>(count);
  }
}

}  // namespace

OutputFile::OutputFile(std::string target) : target_(std::move(target)), destination_(target_) {
  if (target_.empty()) throw OutputError("cannot write a file without a name");
  struct stat status {};
  const bool exists = stat(target_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT && errno != ENOTDIR) fail(target_, errno);
  if (target_.back() == '/' || (exists && S_ISDIR(status.st_mode))) fail(target_, "it is a folder");
  if (exists && access(target_.c_str(), W_OK) != 0) fail(target_, errno);
  if (exists && must_be_written_directly(target_, status)) {
    path_ = target_;
    return;
  }
  if (exists) destination_ = fs::canonical(target_).string();
  check_folder(target_, destination_);
  path_ = create_temporary(target_, destination_, exists ? status.st_mode & 07777 : usual_mode());
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (!is_direct() && !committed_) unlink(path_.c_str());
}

void OutputFile::write(const std::string& text) {
  struct stat status {};
  // Standard output is written through its own descriptor, which knows how far it has got.
  if (is_direct() && stat(target_.c_str(), &status) == 0 && is_open_as(STDOUT_FILENO, status)) {
    return write_all(STDOUT_FILENO, target_, text);
  }
  const int file = open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (file < 0) fail(target_, errno);
  try {
    write_all(file, target_, text);
  } catch (...) {
    close(file);
    throw;
  }
  if (close(file) != 0) fail(target_, errno);
}

void OutputFile::commit() {
  if (is_direct() || committed_) return;
  if (std::rename(path_.c_str(), destination_.c_str()) != 0) fail(target_, errno);
  committed_ = true;
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return true;
  return fs::weakly_canonical(fs::absolute(a), ignored) ==
         fs::weakly_canonical(fs::absolute(b), ignored);
}

void write_standard_output(const std::string& text) {
  write_all(STDOUT_FILENO, "standard output", text);
}

}  // namespace copypath
