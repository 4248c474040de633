#include "native/cached_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "native/calls.h"

namespace copypath::native {

namespace {

constexpr Bytes kSmallFolios = kPageSize;
constexpr Bytes kLargeFolios{2 * 1024 * 1024};

bool serves_for(const InputFiles* served, Bytes write_size) {
  if (served == nullptr || served->count() == 0) return false;
  if (served->size(0) < Bytes(CachedFile::kSize)) return false;
  const InputFiles::Residency residency = served->residency();
  return served->write_size() == write_size && residency.resident == residency.pages;
}

File cached_file(const std::string& folder, Bytes write_size, const InputFiles* served) {
  if (serves_for(served, write_size)) return std::make_shared<CachedFile>(*served);
  return std::make_shared<CachedFile>(folder, write_size);
}

}  // namespace

CachedFile::CachedFile(const std::string& folder, Bytes write_size)
    : descriptor(nameless_file(folder)) {
  const Buffer buffer(write_size.count());
  for (std::size_t at = 0; at < kSize; at += buffer.size()) {
    if (pwrite(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(at)) < 0) {
      throw MachineLacks(with_reason("writing a file of 64 MiB"));
    }
  }
  fsync(descriptor);
  void* const mapping = mmap(nullptr, kSize, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapping == MAP_FAILED) return;
  lock_ = mapping;
  mlock(lock_, kSize);  // idle pages are reclaimed within minutes
}

CachedFile::CachedFile(const InputFiles& served) : descriptor(served.open(0, false, {})) {}

CachedFile::~CachedFile() {
  if (lock_ != nullptr) munmap(lock_, kSize);
}

CachedFiles::CachedFiles(const std::string& folder, const InputFiles* served)
    : small(cached_file(folder, kSmallFolios, served)),
      large(cached_file(folder, kLargeFolios, served)) {}

}  // namespace copypath::native
