// What a sweep has simulated so far, kept in a file beside its output, so that one that was killed
// goes on where it stopped. A line per result, each with a digest of itself: what was being written
// when the sweep was killed is noticed, and simulated again. A result is found by the digest of all
// that it depends on (the effective configuration, the path, the program), so that a line of
// another scenario, or of another version of the program, is never taken for it.
// Leaves out fsync: what a power failure takes away is simulated again.
#pragma once

#include <map>
#include <string>

#include "models/ledger/result.h"
#include "models/platform/config.h"

namespace copypath {

/// A digest (SHA-256) of all that the result of a path depends on: every key, the size and time of
/// input files, and the executable of this program.
std::string fingerprint(const Config& config, const std::string& path);

class SweepState {
public:
  /// Reads what `file` holds; an empty name means that nothing is kept. Throws OutputError if it
  /// cannot be written, is something else, or belongs to a sweep that is under way.
  explicit SweepState(std::string file);
  ~SweepState();
  SweepState(const SweepState&) = delete;
  SweepState& operator=(const SweepState&) = delete;

  /// The result of that fingerprint, or nullptr.
  const Result* find(const std::string& fingerprint) const;

  /// Throws OutputError.
  void add(const std::string& fingerprint, const Result& result);

  /// How many results were there at the beginning.
  std::size_t restored() const { return restored_; }

  /// The sweep is complete, or nothing is to be kept of it: removes the file.
  void remove();

private:
  void read();
  void append(const std::string& line);

  std::string file_;
  int descriptor_ = -1;
  std::size_t restored_ = 0;
  std::map<std::string, Result> results_;
};

}  // namespace copypath
