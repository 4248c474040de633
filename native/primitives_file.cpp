// Primitives of the page cache: reading from it, referring to its pages, mapping them, and pinning
// pages of a program. A file that was written in small pieces has folios of one page each, one that
// was written in large pieces has large ones: what is done once per folio differs between the two.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "native/calls.h"
#include "native/connection.h"
#include "native/input_files.h"
#include "native/primitives.h"

namespace copypath::native {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kKi = 1024;
constexpr std::size_t kMi = 1024 * kKi;
constexpr std::size_t kFile = 256 * kMi;  // more than a last-level cache keeps for one core
constexpr std::size_t kHot = 256 * kKi;   // the part of a file that stays in a cache
constexpr std::size_t kPart = 128 * kMi;  // of the file, per batch
constexpr std::size_t kPiece = 64 * kKi;

/// A file in the page cache, and how far the batches have come in it.
struct CachedFile {
  CachedFile(const std::string& folder, std::size_t write_size) : buffer(write_size) {
    file = nameless_file(folder);
    for (std::size_t at = 0; at < kFile; at += write_size) {
      if (pwrite(file, buffer.data(), write_size, static_cast<off_t>(at)) < 0) {
        throw MachineLacks(with_reason("writing a file of 256 MiB"));
      }
    }
    fsync(file);
    lock = mmap(nullptr, kFile, PROT_READ, MAP_SHARED, file, 0);
    if (lock != MAP_FAILED) mlock(lock, kFile);  // idle pages are reclaimed within minutes
  }
  ~CachedFile() {
    if (lock != MAP_FAILED) munmap(lock, kFile);
  }
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;

  /// Where the next part begins.
  off_t next_part() {
    const auto at = static_cast<off_t>(part);
    part = (part + kPart) % kFile;
    return at;
  }

  Descriptor file;
  Buffer buffer;
  void* lock = MAP_FAILED;
  std::size_t part = 0;
};

using File = std::shared_ptr<CachedFile>;

/// Seconds per call of pread(size) from the first 256 KiB.
std::function<double()> reading_hot(const File& file, std::size_t size) {
  auto to = std::make_shared<Buffer>(size);
  return [=] {
    constexpr std::size_t kTotal = 256 * kMi;
    std::size_t calls = 0;
    const double seconds = cpu_seconds([&] {
      for (std::size_t done = 0; done < kTotal; done += size, ++calls) {
        if (pread(file->file, to->data(), size, static_cast<off_t>(done % kHot)) < 0) return;
      }
    });
    return seconds / static_cast<double>(calls);
  };
}

/// Seconds per page of pread(64 KiB) from pages that are in no cache.
std::function<double()> reading_through(const File& file) {
  auto to = std::make_shared<Buffer>(kPiece);
  return [=] {
    const off_t start = file->next_part();
    const double seconds = cpu_seconds([&] {
      for (std::size_t at = 0; at < kPart; at += kPiece) {
        if (pread(file->file, to->data(), kPiece, start + static_cast<off_t>(at)) < 0) return;
      }
    });
    return seconds / (kPart / kPage);
  };
}

/// Seconds per page of sendfile() to /dev/null, so many bytes at a time.
std::function<double()> referring(const File& file, std::size_t size = kPiece) {
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return [=] {
    off_t at = file->next_part();
    const double seconds = cpu_seconds([&] {
      for (std::size_t done = 0; done < kPart; done += size) {
        if (sendfile(*null, file->file, &at, size) < 0)
          throw Unsupported(with_reason("sendfile()"));
      }
    });
    return seconds / (kPart / kPage);
  };
}

/// Seconds per splice() of a page into a pipe and splice() to /dev/null.
std::function<double()> splicing(const File& file) {
  auto pipe = std::make_shared<Pipe>(kPiece);
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return [=] {
    loff_t at = file->next_part();
    const double seconds = cpu_seconds([&] {
      for (std::size_t done = 0; done < kPart; done += kPage) {
        if (splice(file->file, &at, pipe->in, nullptr, kPage, 0) < 0 ||
            splice(pipe->out, nullptr, *null, nullptr, kPage, 0) < 0) {
          throw Unsupported(with_reason("splice()"));
        }
      }
    });
    return seconds / (kPart / kPage);
  };
}

/// A mapping of the next part, touched so that every page of it is mapped.
struct Touch {
  explicit Touch(const File& file, int flags = 0) {
    const off_t start = file->next_part();
    mapping = mmap(nullptr, kPart, PROT_READ, MAP_SHARED | flags, file->file, start);
    if (mapping == MAP_FAILED) throw Unsupported(with_reason("mmap()"));
  }
  ~Touch() {
    if (mapping != MAP_FAILED) munmap(mapping, kPart);
  }
  Touch(const Touch&) = delete;
  Touch& operator=(const Touch&) = delete;

  /// Every 16th page, as a fault maps 16 at least.
  void pages() const {
    for (std::size_t at = 0; at < kPart; at += kPiece) {
      static_cast<volatile const char*>(mapping)[at];
    }
  }
  void unmap() {
    munmap(mapping, kPart);
    mapping = MAP_FAILED;
  }
  void* mapping;
};

std::function<double()> faulting(const File& file) {
  return [=] {
    const Touch touch(file);
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
    return (kPart / kPage) / std::max(1.0, static_cast<double>(Usage::now().faults_minor - before));
  };
}

std::function<double()> populating(const File& file) {
  return [=] {
    std::unique_ptr<Touch> touch;
    const double seconds =
        cpu_seconds([&] { touch = std::make_unique<Touch>(file, MAP_POPULATE); });
    return seconds / (kPart / kPage);
  };
}

std::function<double()> unmapping(const File& file) {
  return [=] {
    Touch touch(file);
    touch.pages();
    return cpu_seconds([&] { touch.unmap(); }) / (kPart / kPage);
  };
}

/// Seconds per page of vmsplice() of a hot buffer and splice() to /dev/null.
Primitive pinning() {
  auto pipe = std::make_shared<Pipe>(kPiece);
  auto buffer = std::make_shared<Buffer>(kPiece);
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return {"pin", "page", "vmsplice() of 64 KiB of the program into a pipe, splice() to /dev/null",
          [=] {
            constexpr std::size_t kTimes = 8000;
            const double seconds = cpu_seconds([&] {
              for (std::size_t i = 0; i < kTimes; ++i) {
                iovec pages{buffer->data(), kPiece};
                if (vmsplice(pipe->in, &pages, 1, 0) < 0)
                  throw Unsupported(with_reason("vmsplice()"));
                if (splice(pipe->out, nullptr, *null, nullptr, kPiece, 0) < 0) {
                  throw Unsupported(with_reason("splice()"));
                }
              }
            });
            return seconds / (kTimes * (kPiece / kPage));
          }};
}

/// Seconds per page of vmsplice() of pages of the file that are not mapped yet, to /dev/null.
std::function<double()> pinning_unmapped(const File& file) {
  auto pipe = std::make_shared<Pipe>(kPiece);
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return [=] {
    const Touch touch(file);
    const double seconds = cpu_seconds([&] {
      for (std::size_t at = 0; at < kPart; at += kPiece) {
        iovec pages{static_cast<char*>(touch.mapping) + at, kPiece};
        if (vmsplice(pipe->in, &pages, 1, 0) < 0) throw Unsupported(with_reason("vmsplice()"));
        if (splice(pipe->out, nullptr, *null, nullptr, kPiece, 0) < 0) {
          throw Unsupported(with_reason("splice()"));
        }
      }
    });
    return seconds / (kPart / kPage);
  };
}

}  // namespace

std::vector<Primitive> file_primitives(const std::string& folder) {
  const auto small = std::make_shared<CachedFile>(folder, kPage);
  const auto large = std::make_shared<CachedFile>(folder, 4 * kMi);
  return {
      {"read_4k", "call", "pread() of 4 KiB from 256 KiB of the page cache",
       reading_hot(small, 4 * kKi)},
      {"read_64k", "call", "pread() of 64 KiB from 256 KiB of the page cache",
       reading_hot(small, 64 * kKi)},
      {"read_64k_large_folios", "call", "the same, of a file in large folios",
       reading_hot(large, 64 * kKi)},
      {"read_through", "page", "pread() of 64 KiB on and on through 256 MiB of the page cache",
       reading_through(small)},
      {"read_through_large_folios", "page", "the same, of a file in large folios",
       reading_through(large)},
      {"refer", "page", "sendfile() of 64 KiB on and on through 256 MiB to /dev/null",
       referring(small)},
      {"refer_large_folios", "page", "the same, of a file in large folios", referring(large)},
      {"refer_4k_large_folios", "page", "the same, 4 KiB at a time", referring(large, kPage)},
      {"splice_4k_large_folios", "page", "splice() of 4 KiB into a pipe, splice() to /dev/null",
       splicing(large)},
      {"fault", "fault", "first touch of 16 mapped pages, each a folio", faulting(small)},
      {"fault_large_folios", "fault", "first touch of a mapped file in large folios",
       faulting(large)},
      {"pages_per_fault_large_folios", "", "pages that each of those faults has mapped",
       pages_per_fault(large)},
      {"populate", "page", "mmap(MAP_POPULATE) of pages, each a folio", populating(small)},
      {"populate_large_folios", "page", "the same, of a file in large folios", populating(large)},
      {"unmap", "page", "munmap() of pages, each a folio", unmapping(small)},
      {"unmap_large_folios", "page", "the same, of a file in large folios", unmapping(large)},
      pinning(),
      {"pin_unmapped", "page", "vmsplice() of 64 KiB of a mapped file, pages not touched yet",
       pinning_unmapped(small)}};
}

}  // namespace copypath::native
