// The progress line: the share of every path that is under way and the time that remains,
// updated in place on a terminal and removed at the end.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace copypath {

class ProgressLine {
public:
  /// Shows nothing unless `shown`, or if standard error is not a terminal. The line begins with
  /// `head`, if it is not empty.
  ProgressLine(std::vector<std::string> names, bool shown, const std::string& head = "");
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// The share (0 to 1) of the work with that index that is done.
  void update(std::size_t index, double share);

  /// The line for the given time since the start.
  std::string text(double elapsed_seconds) const;

private:
  void show();

  std::string head_;
  std::vector<std::string> names_;
  std::vector<double> shares_;
  bool shown_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_shown_;
};

}  // namespace copypath
