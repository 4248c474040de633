// What a stretch of bytes holds while it travels: the real bytes, or a description of them as
// runs of (file, version, offset). A machine carries one of the two throughout (workload.data).
#pragma once

#include <cstdint>
#include <vector>

#include "models/units.h"

namespace copypath {

/// Bytes [offset, offset + bytes) of one version of a file.
struct Run {
  std::uint32_t file;
  std::uint32_t version;
  std::uint64_t offset;
  std::uint64_t bytes;
};

/// The file number of memory that nobody has written.
constexpr std::uint32_t kUndefined = 0xffffffff;

class Content {
public:
  void clear() {
    runs_.clear();
    bytes_.clear();
  }

  /// Appends a run; one that continues the last run lengthens it.
  void append(const Run& run) {
    if (!runs_.empty()) {
      Run& last = runs_.back();
      if (last.file == run.file && last.version == run.version &&
          last.offset + last.bytes == run.offset) {
        last.bytes += run.bytes;
        return;
      }
    }
    runs_.push_back(run);
  }

  void append(const std::uint8_t* bytes, std::size_t n) {
    bytes_.insert(bytes_.end(), bytes, bytes + n);
  }

  /// The bytes that it stands for.
  Bytes size() const {
    std::uint64_t total = bytes_.size();
    for (const Run& run : runs_) total += run.bytes;
    return Bytes(total);
  }

  const std::vector<Run>& runs() const { return runs_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

private:
  std::vector<Run> runs_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace copypath
