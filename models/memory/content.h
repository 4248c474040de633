// What a stretch of bytes holds while it travels: the real bytes, or a description of them as
// runs of (file, version, offset). A machine carries one of the two throughout (workload.data);
// beside real bytes, runs say no more than which of them are framing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/units.h"

namespace copypath {

/// What has become of the bytes of a file.
enum class Form : std::uint8_t {
  kPlain,
  kEncrypted,
  kCompressed,  ///< what deflate leaves of a stretch that begins at the offset
  kFraming      ///< no bytes of a file: header and trailer of a TLS record
};

/// Bytes [offset, offset + bytes) of one version of a file. Of framing: the number of the record,
/// the length of its text, and where in header and trailer.
struct Run {
  std::uint32_t file;
  std::uint32_t version;
  std::uint64_t offset;
  std::uint64_t bytes;
  Form form = Form::kPlain;
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
      if (last.file == run.file && last.version == run.version && last.form == run.form &&
          (last.offset + last.bytes == run.offset || run.file == kUndefined)) {
        last.bytes += run.bytes;
        return;
      }
    }
    runs_.push_back(run);
  }

  /// Appends real bytes.
  void append(const std::uint8_t* bytes, std::size_t n, Form form = Form::kPlain) {
    if (n == 0) return;
    bytes_.insert(bytes_.end(), bytes, bytes + n);
    append({kUndefined, 0, 0, n, form});
  }

  void append(const Content& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    for (const Run& run : other.runs_) append(run);
  }

  /// Bytes [offset, offset + n) of it.
  Content slice(std::uint64_t offset, std::uint64_t n) const {
    Content part;
    if (real()) {
      const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
      part.bytes_.assign(begin, begin + static_cast<std::ptrdiff_t>(n));
    }
    for (Run run : runs_) {
      if (offset >= run.bytes) {
        offset -= run.bytes;
        continue;
      }
      if (n == 0) break;
      run.bytes = std::min(run.bytes - offset, n);
      if (run.file != kUndefined) run.offset += offset;
      n -= run.bytes;
      offset = 0;
      part.append(run);
    }
    return part;
  }

  /// The bytes that it stands for.
  Bytes size() const {
    std::uint64_t total = 0;
    for (const Run& run : runs_) total += run.bytes;
    return Bytes(total);
  }

  /// Those of them that are framing.
  Bytes framing() const {
    std::uint64_t total = 0;
    for (const Run& run : runs_) total += run.form == Form::kFraming ? run.bytes : 0;
    return Bytes(total);
  }

  bool real() const { return !bytes_.empty(); }  ///< it holds bytes

  const std::vector<Run>& runs() const { return runs_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

private:
  std::vector<Run> runs_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace copypath
