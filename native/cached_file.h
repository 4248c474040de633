// Files in the page cache that primitives are measured on. How a file was written decides the size
// of its folios, and what is done once per folio differs between small and large ones.
#pragma once

#include <memory>
#include <string>

#include "native/input_files.h"
#include "native/resources.h"

namespace copypath::native {

/// A batch goes through all of it: what its pages take depends on where in memory they are.
struct CachedFile {
  /// More than a last-level cache keeps for one core.
  static constexpr std::size_t kSize = 64 * 1024 * 1024;

  /// A temporary file, written in pieces of that size. Throws MachineLacks.
  CachedFile(const std::string& folder, Bytes write_size);
  /// The first of those that are served.
  explicit CachedFile(const InputFiles& served);
  ~CachedFile();
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;

  Descriptor descriptor;

private:
  void* lock_ = nullptr;
};

using File = std::shared_ptr<CachedFile>;

struct CachedFiles {
  File small;  ///< in folios of a page
  File large;  ///< in large folios

  /// Takes a file that is served for the one whose folios it has, if all of it is in memory.
  CachedFiles(const std::string& folder, const InputFiles* served);
};

}  // namespace copypath::native
