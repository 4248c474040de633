// Laws of a PCI Express link: the effective bandwidths that pcie-bench's model gives for transfers
// of 64 KiB (Neugebauer et al., SIGCOMM 2018), each to 1 %, and to the byte what a packet costs.
#include "models/pcie/link.h"

#include <gtest/gtest.h>

namespace copypath {
namespace {

PcieConfig with(Bytes max_payload, Bytes read_completion = Bytes(0)) {
  PcieConfig config;
  config.max_payload = max_payload;
  config.read_completion = read_completion;
  return config;
}

double gigabytes(Rate rate) { return rate.bytes_per_second() / 1e9; }

/// One line of the table, in GB/s: raw, writes with packets of 128, 256 and 512 bytes, reads with
/// 128 and 256, and reads whose completions carry 64 bytes (of at most 256).
struct Published {
  PcieSlot slot;
  double raw;
  double write_128, write_256, write_512;
  double read_128, read_256;
  double read_64;
};

class PcieTable : public testing::TestWithParam<Published> {};

INSTANTIATE_TEST_SUITE_P(PcieBench, PcieTable,
                         testing::Values(
                             // clang-format off
    Published{{3, 4}, 3.94, 2.99, 3.32, 3.51, 3.07, 3.37, 2.77},
    Published{{3, 8}, 7.88, 5.96, 6.62, 6.84, 6.13, 6.71, 5.51},
    Published{{3, 16}, 15.75, 11.76, 12.99, 13.69, 12.08, 13.18, 10.83},
    Published{{4, 4}, 7.88, 5.99, 6.64, 7.02, 6.15, 6.74, 5.54},
    Published{{4, 16}, 31.51, 23.52, 25.99, 27.37, 24.15, 26.37, 21.66},
    Published{{5, 4}, 15.75, 11.98, 13.29, 14.05, 12.30, 13.48, 11.07},
    Published{{5, 16}, 63.02, 47.03, 51.98, 54.75, 48.30, 52.73, 43.31}
                             // clang-format on
                             ),
                         [](const auto& suite) {
                           return "Generation" + std::to_string(suite.param.slot.generation) + "x" +
                                  std::to_string(suite.param.slot.lanes);
                         });

TEST_P(PcieTable, EffectiveBandwidths) {
  const Published& row = GetParam();
  const Bytes transfer = kKiB * 64;
  const auto write = [&](unsigned payload) {
    return gigabytes(PcieLink(row.slot, with(Bytes(payload))).write(transfer));
  };
  const auto read = [&](unsigned payload, unsigned completion) {
    return gigabytes(PcieLink(row.slot, with(Bytes(payload), Bytes(completion))).read(transfer));
  };
  EXPECT_NEAR(gigabytes(PcieLink(row.slot, {}).raw()), row.raw, 0.01 * row.raw);
  EXPECT_NEAR(write(128), row.write_128, 0.01 * row.write_128);
  EXPECT_NEAR(write(256), row.write_256, 0.01 * row.write_256);
  EXPECT_NEAR(write(512), row.write_512, 0.01 * row.write_512);
  EXPECT_NEAR(read(128, 0), row.read_128, 0.01 * row.read_128);
  EXPECT_NEAR(read(256, 0), row.read_256, 0.01 * row.read_256);
  EXPECT_NEAR(read(256, 64), row.read_64, 0.01 * row.read_64);
}

/// What a transfer takes on the link besides its payload, in bytes.
double overhead(const PcieLink& link, Bytes payload, Rate rate) {
  return static_cast<double>(payload.count()) *
         (link.for_packets().bytes_per_second() / rate.bytes_per_second() - 1);
}

TEST(PcieLink, EncodingOfTheGenerations) {
  const double raw[] = {0.25, 0.5, 0.985, 1.969, 3.938};  // GB/s per lane
  for (unsigned generation = 1; generation <= 5; ++generation) {
    EXPECT_NEAR(gigabytes(PcieLink({generation, 1}, {}).raw()), raw[generation - 1], 0.001);
    EXPECT_DOUBLE_EQ(gigabytes(PcieLink({generation, 8}, {}).raw()),
                     8 * gigabytes(PcieLink({generation, 1}, {}).raw()));
  }
}

TEST(PcieLink, EveryPacketHasItsHeaders) {
  const PcieLink link({3, 8}, {});  // packets of 256 bytes
  for (const auto& [payload, packets] :
       {std::pair{1, 1}, {16, 1}, {256, 1}, {257, 2}, {4096, 16}}) {
    const Bytes bytes(static_cast<std::uint64_t>(payload));
    EXPECT_NEAR(overhead(link, bytes, link.write(bytes)), 24 * packets, 1e-6) << payload;
    EXPECT_NEAR(overhead(link, bytes, link.read(bytes)), std::max(20 * packets, 24 - payload), 1e-6)
        << payload;
  }
}

TEST(PcieLink, PiecesDoNotSharePackets) {
  const PcieLink link({3, 8}, {});
  const SegmentList frames{{0, 1448}, {1448, 1448}};  // six packets each, not twelve in all
  EXPECT_NEAR(overhead(link, Bytes(2896), link.write(frames)), 24 * 12, 1e-6);
  EXPECT_NEAR(overhead(link, Bytes(2896), link.write(Bytes(2896))), 24 * 12, 1e-6);
  const SegmentList crumbs{{0, 10}, {100, 10}, {200, 10}};
  EXPECT_NEAR(overhead(link, Bytes(30), link.write(crumbs)), 24 * 3, 1e-6);
  EXPECT_NEAR(overhead(link, Bytes(30), link.read(crumbs)), 20 * 3, 1e-6);
}

TEST(PcieLink, RequestsLimitReadsOfFewBytes) {
  PcieConfig config;
  config.max_read_request = Bytes(128);
  config.max_payload = Bytes(4096);
  const PcieLink link({3, 8}, config);
  // One byte: a request of 24 bytes one way, a completion of 21 the other.
  EXPECT_NEAR(overhead(link, Bytes(1), link.read(Bytes(1))), 23, 1e-6);
  // A page: 32 requests are 768 bytes, and one completion 4116.
  EXPECT_NEAR(overhead(link, Bytes(4096), link.read(Bytes(4096))), 20, 1e-6);
}

TEST(PcieLink, CompletionsAreNoLargerThanPackets) {
  EXPECT_EQ(PcieLink({4, 4}, with(Bytes(128), Bytes(512))).read(kKiB * 64),
            PcieLink({4, 4}, with(Bytes(128))).read(kKiB * 64));
}

}  // namespace
}  // namespace copypath
