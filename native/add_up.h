// The sum of the Internet checksum, 64 bits at a time as csum_partial() does it: what a program
// that reads for itself does with what it has read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace copypath::native {

inline std::uint64_t add_up(const std::uint8_t* bytes, std::size_t count) {
  std::array<std::uint64_t, 4> lanes{};
  const std::size_t whole = count - count % sizeof lanes;
  const auto add = [](std::uint64_t& lane, const std::uint8_t* from, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, size);
    lane += word;
    lane += static_cast<std::uint64_t>(lane < word);
  };
  for (std::size_t at = 0; at < whole; at += sizeof lanes) {
    for (std::size_t i = 0; i < lanes.size(); ++i) add(lanes[i], bytes + at + 8 * i, 8);
  }
  for (std::size_t at = whole; at < count; ++at) add(lanes[0], bytes + at, 1);
  return lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3];
}

}  // namespace copypath::native
