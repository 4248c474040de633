// What the files on the drive hold: a real file of the user's, or synthetic content that can be
// recomputed anywhere (so that the receiver can check it without keeping a copy), and of which
// deflate leaves about workload.compress_ratio. Every file of a run has the same size, unless a
// list of requests says how large each is; with a real input file, each is a copy of it.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/memory/content.h"
#include "models/platform/config.h"

namespace copypath {

/// What a file holds when it has been overwritten: every bit is another.
constexpr std::uint32_t kNextVersion = 1;

class Media {
public:
  /// Throws std::runtime_error if the input file cannot be opened.
  explicit Media(const WorkloadConfig& config, const FaultConfig& faults = {});

  std::uint32_t files() const { return files_; }
  Bytes file_size(std::uint32_t file) const { return sizes_.empty() ? file_size_ : sizes_[file]; }
  /// How much of it has got to the drive, from its beginning on.
  Bytes present(std::uint32_t file) const {
    return present_.empty() ? file_size(file) : present_[file];
  }
  /// Of the largest file.
  Bytes file_size() const { return file_size_; }

  /// Appends bytes [offset, offset + bytes) of a file to `to`.
  /// Throws std::runtime_error if the input file cannot be read (it shrank, for instance).
  void read(std::uint32_t file, std::uint64_t offset, Bytes bytes, Content& to,
            std::uint32_t version = 0);

  /// Whether the drive can read that. Which pages it cannot follows from the seed, file and page.
  bool readable(std::uint32_t file, std::uint64_t offset, Bytes bytes) const {
    return faults_.disk_error_rate == 0 || all_readable(file, offset, bytes);
  }

  /// Replaces whole pages of a file from `offset` on (the last one up to the file's end); fetch()
  /// delivers that from now on. The receivers' checks stay with what the file held at first.
  void write(std::uint32_t file, std::uint64_t offset, const Content& content);
  /// What a read from the drive delivers: what was written last. Appends to `to`.
  void fetch(std::uint32_t file, std::uint64_t offset, Bytes bytes, Content& to);

  /// Whether `content` is exactly what the file holds from `offset` on.
  bool holds(std::uint32_t file, std::uint64_t offset, Bytes bytes, const Content& content);

  /// How many bytes of `content` are not what the file holds from `offset` on. With Data::kTags
  /// bytes that come from another place count, even if they should happen to be equal.
  Bytes differing(std::uint32_t file, std::uint64_t offset, const Content& content);

private:
  void fetch_page(std::uint32_t file, std::uint64_t at, std::uint64_t bytes, Content& to);
  void grow(std::uint32_t file);
  std::uint32_t source_of(std::uint32_t file) const {
    return file < sources_.size() ? sources_[file] : file;
  }
  bool all_readable(std::uint32_t file, std::uint64_t offset, Bytes bytes) const;

  Data data_;
  std::uint32_t files_;
  Bytes file_size_;
  std::vector<Bytes> sizes_;            ///< by file; empty: all have the same
  std::vector<Bytes> present_;          ///< by file, of those that grow
  std::vector<std::uint32_t> sources_;  ///< by file, of which it is a copy
  std::string name_;
  std::uint64_t fresh_;  ///< of the words of a synthetic block
  std::ifstream input_;
  std::vector<std::uint8_t> scratch_;
  FaultConfig faults_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, Content> written_;  // by file and page
};

}  // namespace copypath
