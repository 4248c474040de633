// mmap(): a program reads for itself where the kernel keeps the file: no system call and no copy,
// but page faults. The mapping is made once and kept.
#include <sys/mman.h>

#include <optional>

#include "native/all_paths.h"
#include "native/local_reader.h"

namespace copypath::native {

namespace {

/// The whole file, given back when the run is over: not a part of it.
class Mapping {
public:
  explicit Mapping(Connection& c) : size_(c.size) {
    if (size_ == 0) return;  // mmap() of nothing is an error
    data_ = c.calls.mmap(c.file, 0, size_, c.config.workload.map_populate);
  }
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const std::uint8_t* at(std::uint64_t position) const {
    return static_cast<const std::uint8_t*>(data_) + position;
  }

private:
  std::uint64_t size_;
  void* data_ = nullptr;
};

void serve(Connection& c) {
  LocalReader reader(c);
  std::optional<Mapping> file;
  while (c.next_request()) {
    if (!file) file.emplace(c);
    while (c.left() > 0) {
      const std::size_t n = c.next_chunk();
      reader.add_up(file->at(c.position), n);  // faults
      c.position += n;
    }
  }
}

}  // namespace

const Path kMmapReadPath{"mmap_read",
                         "a program reads for itself through a mapping: no copy",
                         serve,
                         Source::kFile,
                         Encoding::kPlain,
                         true};

}  // namespace copypath::native
