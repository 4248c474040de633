#include "models/platform/waveform.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "models/platform/simulate.h"

namespace copypath {

namespace {

constexpr const char* kSuffix = ".vcd";

[[noreturn]] void fail(const std::string& file, int error) {
  throw OutputError(file + ": " + std::strerror(error));
}

/// SystemC does not look whether its writes succeed. On a full device the file cannot grow any more.
void check_room(const std::string& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail(file, errno);
  const off_t end = lseek(fd, 0, SEEK_END);
  const std::vector<char> probe(64 * 1024);
  const ssize_t written = write(fd, probe.data(), probe.size());
  const int error = written < 0 ? errno : ENOSPC;
  const bool whole = written == static_cast<ssize_t>(probe.size()) && ftruncate(fd, end) == 0;
  ::close(fd);
  if (!whole) fail(file, error);
}

}  // namespace

Waveform::Waveform(const Machine& machine, const std::string& file) : file_(file), written_(file) {
  const std::string suffix(kSuffix);
  std::string stem = file;
  if (file.size() > suffix.size() &&
      file.compare(file.size() - suffix.size(), suffix.size(), suffix) == 0) {
    stem.resize(file.size() - suffix.size());
  } else {
    written_ += suffix;
  }
  std::FILE* probe = std::fopen(written_.c_str(), "w");
  if (probe == nullptr) fail(file, errno);
  std::fclose(probe);
  trace_ = sc_core::sc_create_vcd_trace_file(stem.c_str());
  trace_->set_time_unit(1, sc_core::SC_PS);
  machine.trace(trace_);
}

Waveform::~Waveform() {
  if (trace_ != nullptr) sc_core::sc_close_vcd_trace_file(trace_);
}

void Waveform::close() {
  if (trace_ == nullptr) return;
  sc_core::sc_close_vcd_trace_file(trace_);
  trace_ = nullptr;
  check_room(written_);
  if (written_ != file_ && std::rename(written_.c_str(), file_.c_str()) != 0) fail(file_, errno);
}

}  // namespace copypath
