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

bool must_not_be_replaced(const std::string& target, const struct stat& status) {
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

std::string create_temporary(const std::string& target, const std::string& folder,
                             const std::string& suffix, mode_t mode) {
  std::string name = folder + "/.copypath-XXXXXX" + suffix;
  const int file = mkostemps(name.data(), static_cast<int>(suffix.size()), O_CLOEXEC);
  if (file < 0) fail(target, fmt::format("{}: {}", folder, std::strerror(errno)));
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

/// Closes its descriptor at the end of its scope.
class Descriptor {
public:
  Descriptor(const std::string& file, int mode, const std::string& target)
      : number_(open(file.c_str(), mode | O_CLOEXEC)) {
    if (number_ < 0) fail(target, errno);
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

private:
  int number_;
};

void copy_all(int from, int to, const std::string& target) {
  std::string block(64 * 1024, '\0');
  for (ssize_t count = 0; (count = read(from, block.data(), block.size())) != 0;) {
    if (count < 0 && errno != EINTR) fail(target, errno);
    if (count > 0) write_all(to, target, block.substr(0, static_cast<std::size_t>(count)));
  }
}

}  // namespace

OutputFile::OutputFile(std::string target, const std::string& suffix)
    : target_(std::move(target)), destination_(target_) {
  if (target_.empty()) throw OutputError("cannot write a file without a name");
  struct stat status {};
  const bool exists = stat(target_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT && errno != ENOTDIR) fail(target_, errno);
  if (target_.back() == '/' || (exists && S_ISDIR(status.st_mode))) fail(target_, "it is a folder");
  if (exists && access(target_.c_str(), W_OK) != 0) fail(target_, errno);
  is_replaceable_ = !exists || !must_not_be_replaced(target_, status);
  if (!is_replaceable_) {
    path_ = create_temporary(target_, fs::temp_directory_path().string(), suffix, 0600);
    return;
  }
  if (exists) destination_ = fs::canonical(target_).string();
  check_folder(target_, destination_);
  const mode_t mode = exists ? status.st_mode & 07777 : usual_mode();
  path_ = create_temporary(target_, folder_of(destination_), suffix, mode);
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (!committed_) unlink(path_.c_str());
}

void OutputFile::write(const std::string& text) {
  const Descriptor file(path_, O_WRONLY | O_TRUNC, target_);
  write_all(file.number(), target_, text);
}

void OutputFile::commit() {
  if (committed_) return;
  if (is_replaceable_) {
    if (std::rename(path_.c_str(), destination_.c_str()) != 0) fail(target_, errno);
    committed_ = true;
    return;
  }
  const Descriptor content(path_, O_RDONLY, target_);
  struct stat status {};
  // Standard output is written through its own descriptor, which knows how far it has got.
  if (stat(target_.c_str(), &status) == 0 && is_open_as(STDOUT_FILENO, status)) {
    copy_all(content.number(), STDOUT_FILENO, target_);
  } else {
    const Descriptor file(target_, O_WRONLY | O_TRUNC, target_);
    copy_all(content.number(), file.number(), target_);
  }
  discard();
  committed_ = true;
}

bool same_file(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return true;
  return fs::weakly_canonical(fs::absolute(a), ignored) ==
         fs::weakly_canonical(fs::absolute(b), ignored);
}

void write_standard_output(const std::string& text) {
  write_all(STDOUT_FILENO, "standard output", text);
}

}  // namespace copypath
