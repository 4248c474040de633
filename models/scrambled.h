// Numbers that look random and are the same on every machine, from numbers that do not.
#pragma once

#include <cstdint>

namespace copypath {

/// A permutation of the numbers of 64 bits (splitmix64).
constexpr std::uint64_t scrambled(std::uint64_t x) {
  x = (x + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace copypath
