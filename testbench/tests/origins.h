// What memory holds, byte by byte, as a reference for tests: an array of origins stands for real
// bytes and for tags alike, and content of either kind is compared with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/memory/content.h"
#include "models/platform/config.h"

namespace copypath {

/// Where a byte of memory comes from.
struct Origin {
  std::uint32_t file = kUndefined;
  std::uint32_t version = 0;
  std::uint64_t offset = 0;
  Form form = Form::kPlain;

  bool operator==(const Origin& other) const {
    if (file == kUndefined || other.file == kUndefined) return file == other.file;
    return file == other.file && version == other.version && offset == other.offset &&
           form == other.form;
  }
};

/// The real byte for it. Memory that nobody has written reads as zero.
inline std::uint8_t byte_of(const Origin& origin) {
  if (origin.file == kUndefined) return 0;
  const std::uint64_t mixed =
      (origin.offset * 31 + origin.file * 17 + origin.version) * 0x9e3779b97f4a7c15;
  return static_cast<std::uint8_t>(mixed >> 56);
}

/// The same bytes in the form that the machine carries.
inline Content content_of(Data data, const std::vector<Origin>& origins) {
  Content content;
  for (const Origin& origin : origins) {
    if (data == Data::kTags) {
      content.append({origin.file, origin.version, origin.offset, 1, origin.form});
    } else {
      const std::uint8_t byte = byte_of(origin);
      content.append(&byte, 1, origin.form);
    }
  }
  return content;
}

/// Byte by byte, where the content says that it comes from.
inline std::vector<Origin> origins_of(const Content& content) {
  std::vector<Origin> origins;
  for (const Run& run : content.runs()) {
    for (std::uint64_t i = 0; i < run.bytes; ++i) {
      origins.push_back({run.file, run.version, run.offset + i, run.form});
    }
  }
  return origins;
}

/// The position of the first byte in which the content differs from `expected`; its size if none.
inline std::size_t first_difference(Data data, const Content& content,
                                    const std::vector<Origin>& expected) {
  const std::vector<Origin> origins = origins_of(content);
  const std::size_t size = data == Data::kTags ? origins.size() : content.bytes().size();
  for (std::size_t i = 0; i < std::min(size, expected.size()); ++i) {
    const bool same = data == Data::kTags ? origins[i] == expected[i]
                                          : content.bytes()[i] == byte_of(expected[i]) &&
                                                origins[i].form == expected[i].form;
    if (!same) return i;
  }
  return size;
}

}  // namespace copypath
