#include "models/disk/media.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/workload/request_list.h"

namespace copypath {

namespace {

/// The eight bytes of synthetic content that begin at 8 * `word` (splitmix64 of file and position).
std::uint64_t synthetic_word(std::uint32_t file, std::uint64_t word) {
  std::uint64_t x = (word + 1) * 0x9e3779b97f4a7c15 + file * 0xd1b54a32d192ed03;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// A block of synthetic content begins with words that cannot be compressed, and goes on with the
/// same ones again.
constexpr std::uint64_t kBlock = 128;  // words

/// `fresh`: words of a block that occur nowhere else.
void fill_synthetic(std::uint32_t file, std::uint64_t offset, std::uint64_t fresh,
                    std::vector<std::uint8_t>& bytes) {
  const auto word_at = [&](std::uint64_t at) {
    const std::uint64_t within = at / 8 % kBlock;
    return synthetic_word(file, at / 8 - within + within % fresh);
  };
  std::uint64_t word = word_at(offset);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint64_t at = offset + i;
    if (at % 8 == 0) word = word_at(at);
    bytes[i] = static_cast<std::uint8_t>(word >> (8 * (at % 8)));
  }
}

/// Appends bytes [offset, offset + bytes) of `from` to `to`.
void append_part(const Content& from, std::uint64_t offset, std::uint64_t bytes, Content& to) {
  if (from.real()) {
    to.append(from.bytes().data() + offset, bytes);
    return;
  }
  for (const Run& run : from.runs()) {
    if (offset >= run.bytes) {
      offset -= run.bytes;
      continue;
    }
    const std::uint64_t n = std::min(run.bytes - offset, bytes);
    if (n == 0) return;
    to.append({run.file, run.version, run.offset + offset, n, run.form});
    bytes -= n;
    offset = 0;
  }
}

/// A number between 0 and 1 that follows from its arguments alone (splitmix64, twice).
double fate(std::uint64_t seed, std::uint32_t file, std::uint64_t page) {
  const std::uint64_t of_file = synthetic_word(file, seed);
  const std::uint64_t x = synthetic_word(static_cast<std::uint32_t>(of_file >> 32), of_file + page);
  return static_cast<double>(x >> 11) / 9007199254740992.0;  // 2^53
}

}  // namespace

Media::Media(const WorkloadConfig& config, const FaultConfig& faults)
    : data_(config.data),
      files_(config.files == 0 ? config.clients : config.files),
      file_size_(config.file_size),
      name_(config.file),
      fresh_(static_cast<std::uint64_t>(std::max(1L, std::lround(kBlock * config.compress_ratio)))),
      faults_(faults) {
  if (config.listed) {
    sizes_ = config.listed->file_sizes;
    present_ = config.listed->present;
    sources_ = config.listed->sources;
    files_ = static_cast<std::uint32_t>(sizes_.size());
    file_size_ = *std::max_element(sizes_.begin(), sizes_.end());
  }
  if (data_ != Data::kBytes || name_.empty()) return;
  input_.open(name_, std::ios::binary);
  if (!input_) throw std::runtime_error(name_ + ": cannot be opened");
}

void Media::read(std::uint32_t file, std::uint64_t offset, Bytes bytes, Content& to,
                 std::uint32_t version) {
  if (data_ == Data::kTags) {
    to.append({source_of(file), version, offset, bytes.count()});
    return;
  }
  scratch_.resize(bytes.count());
  if (name_.empty()) {
    fill_synthetic(source_of(file), offset, fresh_, scratch_);
  } else {
    input_.clear();
    input_.seekg(static_cast<std::streamoff>(offset));
    input_.read(reinterpret_cast<char*>(scratch_.data()),
                static_cast<std::streamsize>(bytes.count()));
    if (static_cast<std::uint64_t>(input_.gcount()) != bytes.count()) {
      throw std::runtime_error(name_ + ": cannot be read in full; did it change?");
    }
  }
  if (version == kNextVersion) {
    for (std::uint8_t& byte : scratch_) byte = static_cast<std::uint8_t>(~byte);
  }
  to.append(scratch_.data(), scratch_.size());
}

void Media::fetch(std::uint32_t file, std::uint64_t offset, Bytes bytes, Content& to) {
  const bool whole = Bytes(offset) + bytes <= present(file);
  if (written_.empty() && whole) return read(file, offset, bytes, to);
  for (std::uint64_t at = offset, end = offset + bytes.count(); at < end;) {
    const std::uint64_t within = at % kPageSize.count();
    const std::uint64_t n = std::min(end - at, kPageSize.count() - within);
    fetch_page(file, at, n, to);
    at += n;
  }
}

void Media::fetch_page(std::uint32_t file, std::uint64_t at, std::uint64_t bytes, Content& to) {
  const auto written = written_.find({file, at / kPageSize.count()});
  if (written != written_.end()) {
    append_part(written->second, at % kPageSize.count(), bytes, to);
    return;
  }
  const std::uint64_t there = present(file).count();
  const std::uint64_t n = at < there ? std::min(bytes, there - at) : 0;
  if (n > 0) read(file, at, Bytes(n), to);
  if (n == bytes) return;
  if (data_ == Data::kTags) {  // nobody has written that
    to.append({kUndefined, 0, 0, bytes - n});
  } else {
    const std::vector<std::uint8_t> nothing(bytes - n);
    to.append(nothing.data(), nothing.size());
  }
}

void Media::write(std::uint32_t file, std::uint64_t offset, const Content& content) {
  const std::uint64_t end = offset + content.size().count();
  for (std::uint64_t at = offset; at < end; at += kPageSize.count()) {
    const std::uint64_t n = std::min(end - at, kPageSize.count());
    Content& page = written_[{file, at / kPageSize.count()}];
    page.clear();
    append_part(content, at - offset, n, page);
  }
  if (!present_.empty() && Bytes(offset) <= present_[file]) grow(file);
}

/// What continues a file that grows, and is what it is to hold there, need not be kept: so the
/// pages of a log take no memory once they are on the drive in order.
void Media::grow(std::uint32_t file) {
  for (;;) {
    const std::uint64_t there = present_[file].count();
    const std::uint64_t begin = there / kPageSize.count() * kPageSize.count();
    const auto page = written_.find({file, begin / kPageSize.count()});
    if (page == written_.end()) return;
    const Bytes bytes = page->second.size();
    if (!holds(file, begin, bytes, page->second)) return;
    present_[file] = std::max(present_[file], Bytes(begin) + bytes);
    written_.erase(page);
    if (bytes < kPageSize) return;
  }
}

bool Media::all_readable(std::uint32_t file, std::uint64_t offset, Bytes bytes) const {
  const std::uint64_t end = units_covering(Bytes(offset) + bytes, kPageSize);
  for (std::uint64_t page = offset / kPageSize.count(); page < end; ++page) {
    if (fate(faults_.seed, file, page) < faults_.disk_error_rate) return false;
  }
  return true;
}

bool Media::holds(std::uint32_t file, std::uint64_t offset, Bytes bytes, const Content& content) {
  if (data_ == Data::kBytes) {
    Content expected;
    read(file, offset, bytes, expected);
    return expected.bytes() == content.bytes();
  }
  if (content.runs().size() != 1) return false;
  const Run& run = content.runs().front();
  return run.file == source_of(file) && run.version == 0 && run.offset == offset &&
         run.bytes == bytes.count() && run.form == Form::kPlain;
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
    const bool right = run.file == source_of(file) && run.version == 0 && run.offset == offset;
    if (!right) wrong += run.bytes;
    offset += run.bytes;
  }
  return Bytes(wrong);
}

}  // namespace copypath
