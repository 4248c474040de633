// The progress line. The time that remains is the elapsed time, scaled by the work that is left.
#include "testbench/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <numeric>

namespace copypath {

namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr double kSecondsBeforeEstimate = 0.5;

std::size_t error_terminal_width() {
  struct winsize size {};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

ProgressLine::ProgressLine(std::vector<std::string> names, bool shown, const std::string& head)
    : head_(head.empty() ? "" : head + ": "),
      names_(std::move(names)),
      shares_(names_.size(), 0),
      shown_(shown && isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (shown_) fmt::print(stderr, "\r\033[K");
}

void ProgressLine::update(std::size_t index, double share) {
  shares_.at(index) = share;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_shown_ < kInterval) return;
  last_shown_ = now;
  show();
}

std::string ProgressLine::text(double elapsed_seconds) const {
  std::string line = head_;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (shares_[i] > 0 && shares_[i] < 1) {
      line += fmt::format("{} {:.0f} %  ", names_[i], shares_[i] * 100);
    }
  }
  const double done = std::accumulate(shares_.begin(), shares_.end(), 0.0);
  const double share = done / static_cast<double>(shares_.size());
  line += fmt::format("all {:.0f} %", share * 100);
  if (share > 0 && elapsed_seconds >= kSecondsBeforeEstimate) {
    line += fmt::format("  {:.0f} s left", std::ceil(elapsed_seconds * (1 - share) / share));
  }
  return line;
}

void ProgressLine::show() {
  const std::chrono::duration<double> elapsed = last_shown_ - start_;
  const std::string line = text(elapsed.count()).substr(0, error_terminal_width() - 1);
  fmt::print(stderr, "\r{}\033[K", line);
  std::fflush(stderr);
}

}  // namespace copypath
