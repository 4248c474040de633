// Primitives of mappings: first touches and the pages that they map, MAP_POPULATE, munmap(), and
// pinning pages that are not mapped yet. A fault maps 16 pages at least, a large folio at once.
// Between any two of these a path has moved all of the file through the processor's caches: what
// the kernel knows of the pages, and their page tables, are back in memory then.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "native/cached_file.h"
#include "native/calls.h"
#include "native/connection.h"
#include "native/primitives.h"

namespace copypath::native {

namespace {

constexpr std::size_t kPiece = 16 * kPage;
constexpr std::size_t kFile = CachedFile::kSize;

/// Moves as much as the file holds through the processor's caches.
class Traffic {
public:
  void pass() const {
    for (std::size_t at = 0; at < kFile; at += kPiece) {
      std::memcpy(into_.data(), data_.data() + at, kPiece);
    }
  }

private:
  Buffer data_{kFile};
  Buffer into_{kPiece};
};

using Passing = std::shared_ptr<Traffic>;

/// A mapping of the file, touched so that every page of it is mapped.
struct Touch {
  explicit Touch(const File& file, int flags = 0) {
    mapping = mmap(nullptr, kFile, PROT_READ, MAP_SHARED | flags, file->descriptor, 0);
    if (mapping == MAP_FAILED) throw Unsupported(with_reason("mmap()"));
  }
  ~Touch() {
    if (mapping != MAP_FAILED) munmap(mapping, kFile);
  }
  Touch(const Touch&) = delete;
  Touch& operator=(const Touch&) = delete;

  /// Every 16th page, as a fault maps 16 at least.
  void pages() const {
    for (std::size_t at = 0; at < kFile; at += kPiece) {
      static_cast<volatile const char*>(mapping)[at];
    }
  }
  void unmap() {
    munmap(mapping, kFile);
    mapping = MAP_FAILED;
  }
  void* mapping;
};

std::function<double()> faulting(const File& file, const Passing& traffic) {
  return [=] {
    const Touch touch(file);
    traffic->pass();
    const std::uint64_t before = Usage::now().faults_minor;
    const double seconds = cpu_seconds([&] { touch.pages(); });
    const auto faults = static_cast<double>(Usage::now().faults_minor - before);
    return seconds / std::max(1.0, faults);
  };
}

/// Faults of so many pages each, on the average.
std::function<double()> pages_per_fault(const File& file) {
  return [=] {
    const Touch touch(file);
    const std::uint64_t before = Usage::now().faults_minor;
    touch.pages();
    return (kFile / kPage) / std::max(1.0, static_cast<double>(Usage::now().faults_minor - before));
  };
}

std::function<double()> populating(const File& file, const Passing& traffic) {
  return [=] {
    traffic->pass();
    std::unique_ptr<Touch> touch;
    const double seconds =
        cpu_seconds([&] { touch = std::make_unique<Touch>(file, MAP_POPULATE); });
    return seconds / (kFile / kPage);
  };
}

std::function<double()> unmapping(const File& file, const Passing& traffic) {
  return [=] {
    Touch touch(file);
    touch.pages();
    traffic->pass();
    return cpu_seconds([&] { touch.unmap(); }) / (kFile / kPage);
  };
}

/// The mean of several: one alone takes a fraction of a ms, and the least of such is lucky.
std::function<double()> several(const std::function<double()>& measure) {
  return [=] {
    constexpr int kTimes = 16;
    double sum = 0;
    for (int i = 0; i < kTimes; ++i) sum += measure();
    return sum / kTimes;
  };
}

/// vmsplice() of 64 KiB of the file, whose pages are not mapped yet, and splice() to /dev/null.
std::function<Batch()> pinning_unmapped(const Receiver& to, const File& file,
                                        const Passing& traffic) {
  auto pipe = std::make_shared<Pipe>(kPiece);
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return [=] {
    const Touch touch(file);
    traffic->pass();
    const auto pin = [&](off_t at) {
      iovec pages{static_cast<char*>(touch.mapping) + at, kPiece};
      if (vmsplice(pipe->in, &pages, 1, 0) < 0) throw Unsupported(with_reason("vmsplice()"));
      if (splice(pipe->out, nullptr, *null, nullptr, kPiece, 0) < 0) {
        throw Unsupported(with_reason("splice()"));
      }
    };
    return with_a_read_and_send(to, file, kPiece, pin)();
  };
}

}  // namespace

std::vector<Primitive> mapping_primitives(const Receiver& to, const CachedFiles& files) {
  const File& small = files.small;
  const File& large = files.large;
  const auto traffic = std::make_shared<Traffic>();
  return {
      {"fault", "fault", "first touch of 16 mapped pages, each a folio", faulting(small, traffic)},
      {"fault_large_folios", "fault", "first touch of a mapped file in large folios",
       several(faulting(large, traffic))},
      {"pages_per_fault_large_folios", "", "pages that each of those faults has mapped",
       pages_per_fault(large)},
      {"populate", "page", "mmap(MAP_POPULATE) of pages, each a folio", populating(small, traffic)},
      {"populate_large_folios", "page", "the same, of a file in large folios",
       several(populating(large, traffic))},
      {"unmap", "page", "munmap() of pages, each a folio", unmapping(small, traffic)},
      {"unmap_large_folios", "page", "the same, of a file in large folios",
       several(unmapping(large, traffic))},
      {"pin_unmapped", "page",
       "vmsplice() of 64 KiB of a mapped file, pages not touched yet, into a pipe, splice() to "
       "/dev/null, and a pread() and a send() of 4 KiB, less those",
       pinning_unmapped(to, small, traffic), kPiece / kPage, Counts::kShare}};
}

}  // namespace copypath::native
