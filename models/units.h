// Quantities with units: bytes, rates and the time that one takes at the other.
// Small types, so that a size cannot be passed where a rate is meant. Time is sc_core::sc_time
// with SystemC's default resolution of one picosecond.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <systemc>

namespace copypath {

using sc_core::sc_time;

/// A number of bytes.
class Bytes {
public:
  constexpr Bytes() = default;
  constexpr explicit Bytes(std::uint64_t count) : count_(count) {}
  constexpr std::uint64_t count() const { return count_; }

  constexpr Bytes& operator+=(Bytes other) { return count_ += other.count_, *this; }
  constexpr Bytes& operator-=(Bytes other) { return count_ -= other.count_, *this; }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes(a.count_ + b.count_); }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return Bytes(a.count_ - b.count_); }
  friend constexpr Bytes operator*(Bytes a, std::uint64_t n) { return Bytes(a.count_ * n); }
  friend constexpr std::uint64_t operator/(Bytes a, Bytes b) { return a.count_ / b.count_; }
  friend constexpr Bytes operator%(Bytes a, Bytes b) { return Bytes(a.count_ % b.count_); }
  friend constexpr bool operator==(Bytes a, Bytes b) { return a.count_ == b.count_; }
  friend constexpr bool operator!=(Bytes a, Bytes b) { return a.count_ != b.count_; }
  friend constexpr bool operator<(Bytes a, Bytes b) { return a.count_ < b.count_; }
  friend constexpr bool operator<=(Bytes a, Bytes b) { return a.count_ <= b.count_; }
  friend constexpr bool operator>(Bytes a, Bytes b) { return a.count_ > b.count_; }
  friend constexpr bool operator>=(Bytes a, Bytes b) { return a.count_ >= b.count_; }

  /// Shows the number in a waveform.
  friend void sc_trace(sc_core::sc_trace_file* file, const Bytes& bytes, const std::string& name) {
    sc_core::sc_trace(file, bytes.count_, name, 64);
  }

private:
  std::uint64_t count_ = 0;
};

constexpr Bytes kKiB{1024};
constexpr Bytes kMiB{1024 * 1024};
constexpr Bytes kGiB{1024 * 1024 * 1024};

/// The page size of the machine (x86-64).
constexpr Bytes kPageSize{4096};

/// The number of units of `size` that cover `n`.
constexpr std::uint64_t units_covering(Bytes n, Bytes size) {
  return n.count() / size.count() + (n.count() % size.count() != 0 ? 1 : 0);
}

/// Bytes per second.
class Rate {
public:
  constexpr Rate() = default;
  constexpr explicit Rate(double bytes_per_second) : bytes_per_second_(bytes_per_second) {}
  constexpr double bytes_per_second() const { return bytes_per_second_; }
  static constexpr Rate bits(double bits_per_second) { return Rate(bits_per_second / 8); }

  friend constexpr Rate operator*(Rate r, double factor) {
    return Rate(r.bytes_per_second_ * factor);
  }
  friend constexpr bool operator<(Rate a, Rate b) {
    return a.bytes_per_second_ < b.bytes_per_second_;
  }
  friend constexpr bool operator==(Rate a, Rate b) {
    return a.bytes_per_second_ == b.bytes_per_second_;
  }
  friend constexpr bool operator!=(Rate a, Rate b) { return !(a == b); }

private:
  double bytes_per_second_ = 0;
};

/// The time that `n` bytes take at `rate`, rounded up to a picosecond.
inline sc_time operator/(Bytes n, Rate rate) {
  // Multiplied first, so that a whole number of picoseconds comes out as one.
  const double picoseconds = static_cast<double>(n.count()) * 1e12 / rate.bytes_per_second();
  return sc_time::from_value(static_cast<sc_dt::uint64>(std::ceil(picoseconds)));
}

inline sc_time nanoseconds(double n) { return {n, sc_core::SC_NS}; }
inline sc_time microseconds(double n) { return {n, sc_core::SC_US}; }
inline sc_time milliseconds(double n) { return {n, sc_core::SC_MS}; }

}  // namespace copypath
