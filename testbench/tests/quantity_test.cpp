// Laws: what is read is exact; what is printed reads back as the same value; everything that is
// not one quantity of the wanted kind is refused with a reason.
#include "testbench/quantity.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>

namespace copypath {
namespace {

std::string reason(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const BadValue& bad) {
    return bad.what();
  }
  return "accepted";
}

std::string bytes_reason(const std::string& text) {
  return reason([&] { parse_bytes(text); });
}

const std::string kSizes = ", accepted: a size in B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB";
const std::string kRates =
    ", accepted: a rate in B/s, kB/s, MB/s, GB/s, TB/s, PB/s, KiB/s, MiB/s, GiB/s, TiB/s, PiB/s, "
    "bps, kbps, Mbps, Gbps or Tbps";
const std::string kTimes = ", accepted: a time in ps, ns, us, ms or s";

TEST(Quantity, BytesInDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_bytes("0B").count(), 0U);
  EXPECT_EQ(parse_bytes("512B").count(), 512U);
  EXPECT_EQ(parse_bytes("1kB").count(), 1000U);
  EXPECT_EQ(parse_bytes("100MB").count(), 100'000'000U);
  EXPECT_EQ(parse_bytes("64KiB").count(), 65536U);
  EXPECT_EQ(parse_bytes("1GiB").count(), 1073741824U);
  EXPECT_EQ(parse_bytes("3PiB").count(), 3ULL << 50U);
  EXPECT_EQ(parse_bytes("1.5KiB").count(), 1536U);
  EXPECT_EQ(parse_bytes("0.1GB").count(), 100'000'000U);
  EXPECT_EQ(parse_bytes("2e3 kB").count(), 2'000'000U);
  EXPECT_EQ(parse_bytes("007.50kB").count(), 7500U);
  EXPECT_EQ(parse_bytes("18446744073709551615B").count(), 18446744073709551615ULL);
}

TEST(Quantity, BytesRefused) {
  EXPECT_EQ(bytes_reason("100"), "'100' has no unit" + kSizes);
  EXPECT_EQ(bytes_reason("0"), "'0' has no unit" + kSizes);
  EXPECT_EQ(bytes_reason(""), "'' is not a number" + kSizes);
  EXPECT_EQ(bytes_reason("MB"), "'MB' is not a number" + kSizes);
  EXPECT_EQ(bytes_reason("-5MB"), "'-5MB' is negative" + kSizes);
  EXPECT_EQ(bytes_reason("+5MB"), "'+5MB' is not a number" + kSizes);
  EXPECT_EQ(bytes_reason(".5MB"), "'.5MB' is not a number" + kSizes);
  EXPECT_EQ(bytes_reason("inf"), "'inf' is not a number" + kSizes);
  EXPECT_EQ(bytes_reason("nanB"), "'nanB' is not a number" + kSizes);
  EXPECT_EQ(bytes_reason("0x10B"), "'0x10B' has the unknown unit 'x10B'" + kSizes);
  EXPECT_EQ(bytes_reason("5MB."),
            "'5MB.' has the unknown unit 'MB.'" + kSizes + " (did you mean 'MB'?)");
  EXPECT_EQ(bytes_reason("5MB 6"), "'5MB 6' has the unknown unit 'MB 6'" + kSizes);
  EXPECT_EQ(bytes_reason("5.MB"),
            "'5.MB' has the unknown unit '.MB'" + kSizes + " (did you mean 'MB'?)");
  EXPECT_EQ(bytes_reason("1,000B"), "'1,000B' has the unknown unit ',000B'" + kSizes);
  EXPECT_EQ(bytes_reason("5mb"),
            "'5mb' has the unknown unit 'mb'" + kSizes + " (did you mean 'MB'?)");
  EXPECT_EQ(bytes_reason("64Kib"),
            "'64Kib' has the unknown unit 'Kib'" + kSizes + " (did you mean 'KiB'?)");
  EXPECT_EQ(bytes_reason("10Gbps"), "'10Gbps' is a rate" + kSizes);
  EXPECT_EQ(bytes_reason("10ms"), "'10ms' is a time" + kSizes);
  EXPECT_EQ(bytes_reason("0.5B"), "'0.5B' is not a whole number of bytes" + kSizes);
  EXPECT_EQ(bytes_reason("1.0001kB"), "'1.0001kB' is not a whole number of bytes" + kSizes);
  EXPECT_EQ(bytes_reason("1e-400B"), "'1e-400B' is not a whole number of bytes" + kSizes);
  EXPECT_EQ(bytes_reason("18446744073709551616B"), "'18446744073709551616B' is too large" + kSizes);
  EXPECT_EQ(bytes_reason("20000PiB"), "'20000PiB' is too large" + kSizes);
  EXPECT_EQ(bytes_reason("1e999999999999B"), "'1e999999999999B' is too large" + kSizes);
  EXPECT_EQ(bytes_reason("12345678901234567890123B"),
            "'12345678901234567890123B' has too many digits" + kSizes);
}

TEST(Quantity, RatesInBytesAndBits) {
  EXPECT_EQ(parse_rate("25.6GB/s").bytes_per_second(), 25.6e9);
  EXPECT_EQ(parse_rate("10Gbps").bytes_per_second(), 1.25e9);
  EXPECT_EQ(parse_rate("1bps").bytes_per_second(), 0.125);
  EXPECT_EQ(parse_rate("6GiB/s").bytes_per_second(), 6442450944.0);
  EXPECT_EQ(reason([] { parse_rate("10"); }), "'10' has no unit" + kRates);
  EXPECT_EQ(reason([] { parse_rate("10GB"); }), "'10GB' is a size" + kRates);
  EXPECT_EQ(reason([] { parse_rate("10Gb/s"); }),
            "'10Gb/s' has the unknown unit 'Gb/s'" + kRates + " (did you mean 'GB/s'?)");
  EXPECT_EQ(reason([] { parse_rate("1e400B/s"); }), "'1e400B/s' is too large" + kRates);
}

TEST(Quantity, TimesAreWholePicoseconds) {
  EXPECT_EQ(parse_time("250ns").value(), 250'000U);
  EXPECT_EQ(parse_time("1.5us").value(), 1'500'000U);
  EXPECT_EQ(parse_time("80ms").value(), 80'000'000'000U);
  EXPECT_EQ(parse_time("2s").value(), 2'000'000'000'000U);
  EXPECT_EQ(parse_time("0.001ns").value(), 1U);
  EXPECT_EQ(reason([] { parse_time("0.5ps"); }),
            "'0.5ps' is not a whole number of picoseconds" + kTimes);
  EXPECT_EQ(reason([] { parse_time("1e8s"); }), "'1e8s' is too large" + kTimes);
  EXPECT_EQ(reason([] { parse_time("5"); }), "'5' has no unit" + kTimes);
  EXPECT_EQ(reason([] { parse_time("5sec"); }), "'5sec' has the unknown unit 'sec'" + kTimes);
  EXPECT_EQ(parse_seconds("0.123456789012345s"), 0.123456789012345);
  EXPECT_EQ(parse_seconds("20ms"), 0.02);
  EXPECT_EQ(parse_seconds_per_gb("50ms/GB"), 0.05);
}

TEST(Quantity, RatiosAndCounts) {
  EXPECT_EQ(parse_ratio("0.75"), 0.75);
  EXPECT_EQ(parse_ratio("75%"), 0.75);
  EXPECT_EQ(parse_ratio("12.5 %"), 0.125);
  EXPECT_EQ(parse_ratio("1e-3"), 1e-3);
  EXPECT_EQ(parse_count("100"), 100U);
  EXPECT_EQ(parse_count("1e6"), 1'000'000U);
  EXPECT_EQ(reason([] { parse_count("1.5"); }),
            "'1.5' is not a whole number, accepted: a whole number");
  EXPECT_EQ(reason([] { parse_count("5MB"); }), "'5MB' is a size, accepted: a whole number");
  EXPECT_EQ(reason([] { parse_count("five"); }),
            "'five' is not a number, accepted: a whole number");
  EXPECT_EQ(reason([] { parse_count("18446744073709551616"); }),
            "'18446744073709551616' is too large, accepted: a whole number");
  EXPECT_EQ(reason([] { parse_ratio("1e-999"); }),
            "'1e-999' is too small, accepted: a number or percentage");
  EXPECT_EQ(reason([] { parse_ratio("75%%"); }),
            "'75%%' has the unknown unit '%%', accepted: a number or percentage (did you mean "
            "'%'?)");
}

TEST(Quantity, PrintedInTheShortestUnit) {
  EXPECT_EQ(to_text(Bytes(0)), "0B");
  EXPECT_EQ(to_text(Bytes(1500)), "1500B");
  EXPECT_EQ(to_text(Bytes(65536)), "64KiB");
  EXPECT_EQ(to_text(Bytes(100'000'000)), "100MB");
  EXPECT_EQ(to_text(microseconds(80)), "80us");
  EXPECT_EQ(to_text(sc_core::SC_ZERO_TIME), "0ps");
  EXPECT_EQ(to_text(Rate(6.4e9)), "6.4GB/s");
  EXPECT_EQ(to_text(Rate::bits(10e9), true), "10Gbps");
  EXPECT_EQ(to_text(Rate::bits(40e9), true), "40Gbps");
  EXPECT_EQ(ratio_to_text(0.75), "0.75");
}

TEST(Quantity, WhatIsPrintedReadsBackAsTheSameValue) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t any = random() >> (random() % 64);
    EXPECT_EQ(parse_bytes(to_text(Bytes(any))).count(), any);
    EXPECT_EQ(parse_time(to_text(sc_time::from_value(any))).value(), any);
    double rate = 0;
    const std::uint64_t bits = random();
    std::memcpy(&rate, &bits, sizeof rate);
    rate = std::abs(rate);
    if (!(rate > 1e-12 && rate < 1e18)) rate = static_cast<double>(any) / 7;
    EXPECT_EQ(parse_rate(to_text(Rate(rate))).bytes_per_second(), rate);
    EXPECT_EQ(parse_rate(to_text(Rate(rate), true)).bytes_per_second(), rate);
    EXPECT_EQ(parse_ratio(ratio_to_text(rate)), rate);
  }
}

TEST(Quantity, HumanTextRoundsToAFittingUnit) {
  EXPECT_EQ(human_bytes(20e9), "20GB");
  EXPECT_EQ(human_rate(1.17654e9), "1.177GB/s");
  EXPECT_EQ(human_rate(1.25e9, 4, true), "10Gbps");
  EXPECT_EQ(human_seconds(8.5), "8.5s");
  EXPECT_EQ(human_seconds(80e-6), "80us");
  EXPECT_EQ(human_seconds(0), "0s");
}

TEST(Quantity, RandomTextIsReadOrRefusedButNeverCrashes) {
  const std::string kLetters = "0123456789.eE+-kMGTPKiBbps/snum% x\xff";
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    std::string text(random() % 30, ' ');
    for (char& c : text) c = kLetters[random() % kLetters.size()];
    reason([&] { parse_bytes(text); });
    reason([&] { parse_rate(text); });
    reason([&] { parse_time(text); });
    reason([&] { parse_seconds(text); });
    reason([&] { parse_ratio(text); });
    reason([&] { parse_count(text); });
  }
}

}  // namespace
}  // namespace copypath
