// The files that a run serves: copies of the user's file, or synthetic content, as the simulated
// drive holds it. They have no name (O_TMPFILE), so that nothing is left of them however the
// program ends. Before a run they are brought into the page cache, or out of it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/platform/config.h"
#include "native/resources.h"

namespace copypath::native {

/// What a run needs and the machine does not have; the message says what.
struct MachineLacks : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file in the folder that vanishes with its descriptor. Throws MachineLacks.
Descriptor nameless_file(const std::string& folder);

class InputFiles {
public:
  /// Writes the files into `folder` in calls of `write_size` bytes, which decides how large the
  /// folios of the page cache are. `tick` is called often, with the share that
  /// is done; what it throws ends the work.
  /// Throws MachineLacks.
  InputFiles(const Config& config, const std::string& folder, Bytes write_size,
             const std::function<void(double share)>& tick);
  ~InputFiles();
  InputFiles(const InputFiles&) = delete;
  InputFiles& operator=(const InputFiles&) = delete;

  std::size_t count() const { return files_.size(); }
  Bytes write_size() const { return write_size_; }
  Bytes size(std::size_t file) const { return Bytes(files_[file].size); }

  /// A description of its own, with O_DIRECT if `direct`. Throws Unsupported if the file system, or
  /// what `work` asks for, does not go with that, and MachineLacks.
  Descriptor open(std::size_t file, bool direct, const WorkloadConfig& work) const;

  /// What stat() says of it.
  struct stat status(std::size_t file) const;

  /// Brings the files into the state that page_cache.warm asks for.
  void prepare() const;

  /// Pages of the files, and those of them that are in the page cache.
  struct Residency {
    std::uint64_t pages = 0;
    std::uint64_t resident = 0;
  };
  Residency residency() const;

  bool in_memory() const { return in_memory_; }  ///< the file system has no disk
  bool locked() const { return locked_; }        ///< the resident part cannot be reclaimed

private:
  struct File {
    Descriptor descriptor;
    std::uint64_t size = 0;
    std::uint64_t warm = 0;           ///< bytes at its start that are to be resident
    std::uint8_t* mapping = nullptr;  ///< of the whole file, for mincore() and mlock()
  };
  void create(std::uint32_t number, const Config& config, const std::string& folder,
              Bytes write_size, const std::function<void(double share)>& tick);
  bool is_dropped(const File& file, off_t from) const;
  static bool is_resident(const File& file);  ///< the part of it that is to be
  void lock_resident_part();

  std::vector<File> files_;
  Bytes write_size_;
  bool in_memory_ = false;
  bool locked_ = false;
};

}  // namespace copypath::native
