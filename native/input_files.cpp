// Creating the files, and moving them in and out of the page cache.
#include "native/input_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "models/disk/media.h"
#include "native/calls.h"
#include "native/tcp.h"

namespace copypath::native {

namespace {

constexpr int kTries = 100;
constexpr useconds_t kMoment = 1000;
constexpr std::uint64_t kBlock = 1024 * 1024;  // of content that is made at once

[[noreturn]] void lacks(const std::string& what) { throw MachineLacks(with_reason(what)); }

void write_all(int file, const std::uint8_t* from, std::uint64_t bytes, std::uint64_t write_size,
               std::uint64_t at) {
  while (bytes > 0) {
    const ssize_t n = pwrite(file, from, std::min(bytes, write_size), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) lacks("writing the temporary files");
    const auto written = static_cast<std::uint64_t>(n);
    from += written;
    bytes -= written;
    at += written;
  }
}

bool is_sparse(const std::string& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 && status.st_blocks * 512 < status.st_size;
}

/// Whether nothing is stored for that part of the user's file, if there is one.
bool is_hole(int source, std::uint64_t at, std::uint64_t bytes) {
  if (source < 0) return false;
  const off_t data = lseek(source, static_cast<off_t>(at), SEEK_DATA);
  return data < 0 ? errno == ENXIO : static_cast<std::uint64_t>(data) >= at + bytes;
}

/// What positions and sizes of O_DIRECT have to be multiples of.
std::uint64_t direct_alignment(int file) {
  std::uint64_t alignment = 512;
#ifdef STATX_DIOALIGN
  struct statx status {};
  if (statx(file, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
      (status.stx_mask & STATX_DIOALIGN) != 0) {
    alignment = status.stx_dio_offset_align;
  }
#endif
  return alignment;
}

}  // namespace

Descriptor nameless_file(const std::string& folder) {
  Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file >= 0) return file;
  std::string name = folder + "/.copypath-native-XXXXXX";  // a file system without O_TMPFILE
  file.reset(mkostemp(name.data(), O_CLOEXEC));
  if (file < 0) lacks(folder);
  unlink(name.c_str());
  return file;
}

InputFiles::InputFiles(const Config& config, const std::string& folder, Bytes write_size,
                       const std::function<void(double share)>& tick)
    : write_size_(write_size) {
  const Media media(config.workload);
  const double share = config.page_cache.warm;
  double size = 0;
  for (std::uint32_t i = 0; i < media.files(); ++i) {
    size += static_cast<double>(media.file_size(i).count());
  }
  struct statfs system {};
  if (statfs(folder.c_str(), &system) != 0) lacks(folder);
  in_memory_ = system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
  if (in_memory_ && share < 1 && size > 0) {
    throw MachineLacks(
        fmt::format("page_cache.warm = {:.2g} needs files on a disk, but those in {} are in "
                    "memory; --dir names "
                    "another folder",
                    share, folder));
  }
  const double room = static_cast<double>(system.f_bavail) * static_cast<double>(system.f_bsize);
  if (!is_sparse(config.workload.file) && size > room) {
    throw MachineLacks(
        fmt::format("{} files of {:.0f} bytes in all do not fit in {}; --dir names "
                    "another folder",
                    media.files(), size, folder));
  }
  const auto memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (size * share > memory / 2) {
    throw MachineLacks(
        fmt::format("page_cache.warm = {:.2g} of {} files of {:.0f} bytes in all is more than half "
                    "of this machine's memory",
                    share, media.files(), size));
  }
  for (std::uint32_t i = 0; i < media.files(); ++i) create(i, config, folder, write_size, tick);
  prepare();
  lock_resident_part();
}

InputFiles::~InputFiles() {
  for (const File& file : files_) {
    if (file.mapping != nullptr) munmap(file.mapping, file.size);
  }
}

void InputFiles::create(std::uint32_t number, const Config& config, const std::string& folder,
                        Bytes write_size, const std::function<void(double share)>& tick) {
  WorkloadConfig work = config.workload;
  work.data = Data::kBytes;
  Media media(work);
  const Descriptor source(work.file.empty() ? -1 : ::open(work.file.c_str(), O_RDONLY | O_CLOEXEC));
  files_.emplace_back();
  File& file = files_.back();
  file.descriptor = nameless_file(folder);
  file.size = media.file_size(number).count();
  file.warm = static_cast<std::uint64_t>(
      std::llround(static_cast<double>(file.size) * config.page_cache.warm));
  if (ftruncate(file.descriptor, static_cast<off_t>(file.size)) != 0) lacks("ftruncate()");
  const std::uint64_t block = std::max(kBlock, write_size.count());
  Content content;
  for (std::uint64_t at = 0; at < file.size; at += block) {
    tick((number + static_cast<double>(at) / static_cast<double>(file.size)) / media.files());
    const std::uint64_t n = std::min(block, file.size - at);
    if (is_hole(source, at, n)) continue;
    content.clear();
    media.read(number, at, Bytes(n), content);
    write_all(file.descriptor, content.bytes().data(), n, write_size.count(), at);
  }
  if (fsync(file.descriptor) != 0) lacks("writing the temporary files");
  if (file.size == 0) return;
  void* const mapping = mmap(nullptr, file.size, PROT_READ, MAP_SHARED, file.descriptor, 0);
  if (mapping == MAP_FAILED) lacks("mmap()");
  file.mapping = static_cast<std::uint8_t*>(mapping);
}

Descriptor InputFiles::open(std::size_t file, bool direct, const WorkloadConfig& work) const {
  const std::string name = fmt::format("/proc/self/fd/{}", int{files_[file].descriptor});
  if (direct && in_memory_)
    throw Unsupported("O_DIRECT: the temporary files are in memory (tmpfs)");
  Descriptor opened(::open(name.c_str(), O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0)));
  if (opened < 0 && direct && errno == EINVAL) {
    throw Unsupported("O_DIRECT: the file system of the temporary files does not have it");
  }
  if (opened < 0) lacks("open()");
  const std::uint64_t alignment = direct ? direct_alignment(opened) : 1;
  if (alignment == 0) throw Unsupported("O_DIRECT: not possible for the temporary files");
  const auto check = [&](const char* key, Bytes bytes) {
    if (bytes.count() % alignment == 0) return;
    throw Unsupported(
        fmt::format("O_DIRECT reads whole blocks: workload.{} = {}B is no multiple of {}B", key,
                    bytes.count(), alignment));
  };
  check("chunk", work.chunk);
  if (work.range < work.file_size) check("range", work.range);
  return opened;
}

struct stat InputFiles::status(std::size_t file) const {
  struct stat found {};
  if (fstat(files_[file].descriptor, &found) != 0) lacks("fstat()");
  return found;
}

bool InputFiles::is_dropped(const File& file, off_t from) const {
  const auto start = static_cast<std::uint64_t>(from);
  if (file.mapping == nullptr || start >= file.size) return true;
  std::vector<unsigned char> pages(units_covering(Bytes(file.size - start), kPageSize));
  if (mincore(file.mapping + start, file.size - start, pages.data()) != 0) return true;
  return std::none_of(pages.begin(), pages.end(),
                      [](unsigned char page) { return (page & 1) != 0; });
}

bool InputFiles::is_resident(const File& file) {
  if (file.warm == 0) return true;
  std::vector<unsigned char> pages(units_covering(Bytes(file.warm), kPageSize));
  if (mincore(file.mapping, file.warm, pages.data()) != 0) return false;
  return std::all_of(pages.begin(), pages.end(),
                     [](unsigned char page) { return (page & 1) != 0; });
}

void InputFiles::prepare() const {
  std::vector<std::uint8_t> scratch(kBlock);
  for (const File& file : files_) {
    if (file.warm < file.size) {
      const auto from =
          static_cast<off_t>(units_covering(Bytes(file.warm), kPageSize) * kPageSize.count());
      // Pages that a packet still refers to stay.
      for (int tries = 0; tries < kTries && !is_dropped(file, from); ++tries) {
        if (tries > 0) {
          free_received_packets();
          usleep(kMoment);
        }
        posix_fadvise(file.descriptor, from, 0, POSIX_FADV_DONTNEED);
      }
    }
    if (locked_ && is_resident(file)) continue;  // pages can be gone before they are locked
    if (file.warm < file.size)
      posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_RANDOM);  // no readahead
    for (std::uint64_t at = 0; at < file.warm; at += kBlock) {
      const std::uint64_t n = std::min(kBlock, file.warm - at);
      if (pread(file.descriptor, scratch.data(), n, static_cast<off_t>(at)) < 0) lacks("pread()");
    }
  }
}

void InputFiles::lock_resident_part() {
  const auto is_cold = [](const File& file) { return file.warm == 0; };
  if (std::all_of(files_.begin(), files_.end(), is_cold)) return;
  locked_ = std::all_of(files_.begin(), files_.end(), [&](const File& file) {
    return is_cold(file) || mlock(file.mapping, file.warm) == 0;
  });
}

InputFiles::Residency InputFiles::residency() const {
  Residency found;
  for (const File& file : files_) {
    if (file.mapping == nullptr) continue;
    std::vector<unsigned char> pages(units_covering(Bytes(file.size), kPageSize));
    if (mincore(file.mapping, file.size, pages.data()) != 0) lacks("mincore()");
    found.pages += pages.size();
    found.resident += static_cast<std::uint64_t>(std::count_if(
        pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; }));
  }
  return found;
}

}  // namespace copypath::native
