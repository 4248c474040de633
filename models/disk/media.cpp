#include "models/disk/media.h"

#include <stdexcept>

namespace copypath {

namespace {

/// The byte of synthetic content at that place (splitmix64 of file and position).
std::uint8_t synthetic(std::uint32_t file, std::uint64_t offset) {
  std::uint64_t x = (offset / 8 + 1) * 0x9e3779b97f4a7c15 + file * 0xd1b54a32d192ed03;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  x ^= x >> 31;
  return static_cast<std::uint8_t>(x >> (8 * (offset % 8)));
}

}  // namespace

Media::Media(const WorkloadConfig& config)
    : data_(config.data),
      files_(config.files == 0 ? config.clients : config.files),
      file_size_(config.file_size),
      name_(config.file) {
  if (data_ != Data::kBytes || name_.empty()) return;
  input_.open(name_, std::ios::binary);
  if (!input_) throw std::runtime_error(name_ + ": cannot be opened");
}

void Media::read(std::uint32_t file, std::uint64_t offset, Bytes bytes, Content& to) {
  if (data_ == Data::kTags) {
    to.append({file, 0, offset, bytes.count()});
    return;
  }
  scratch_.resize(bytes.count());
  if (name_.empty()) {
    for (std::uint64_t i = 0; i < bytes.count(); ++i) scratch_[i] = synthetic(file, offset + i);
  } else {
    input_.clear();
    input_.seekg(static_cast<std::streamoff>(offset));
    input_.read(reinterpret_cast<char*>(scratch_.data()),
                static_cast<std::streamsize>(bytes.count()));
    if (static_cast<std::uint64_t>(input_.gcount()) != bytes.count()) {
      throw std::runtime_error(name_ + ": cannot be read in full; did it change?");
    }
  }
  to.append(scratch_.data(), scratch_.size());
}

bool Media::holds(std::uint32_t file, std::uint64_t offset, Bytes bytes, const Content& content) {
  Content expected;
  read(file, offset, bytes, expected);
  if (data_ == Data::kBytes) return expected.bytes() == content.bytes();
  if (content.runs().size() != expected.runs().size()) return false;
  for (std::size_t i = 0; i < content.runs().size(); ++i) {
    const Run& a = content.runs()[i];
    const Run& b = expected.runs()[i];
    if (a.file != b.file || a.version != b.version || a.offset != b.offset || a.bytes != b.bytes ||
        a.form != b.form) {
      return false;
    }
  }
  return true;
}

Bytes Media::differing(std::uint32_t file, std::uint64_t offset, const Content& content) {
  std::uint64_t wrong = 0;
  if (data_ == Data::kBytes) {
    Content expected;
    read(file, offset, content.size(), expected);
    for (std::size_t i = 0; i < content.bytes().size(); ++i) {
      wrong += content.bytes()[i] != expected.bytes()[i] ? 1 : 0;
    }
    return Bytes(wrong);
  }
  for (const Run& run : content.runs()) {
    const bool right = run.file == file && run.version == 0 && run.offset == offset;
    if (!right) wrong += run.bytes;
    offset += run.bytes;
  }
  return Bytes(wrong);
}

}  // namespace copypath
