// Laws of receive-side scaling: the Toeplitz hash with Microsoft's key is the published one, vector
// by vector; every connection has one queue, and many connections use all of them.
#include "models/nic/rss.h"

#include <gtest/gtest.h>

#include <vector>

namespace copypath {
namespace {

constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// Microsoft, "Verifying the RSS hash calculation": destination, source, hash without and with
// ports.
struct Vector {
  FourTuple tuple;
  std::uint32_t addresses;
  std::uint32_t with_ports;
};
const Vector kVectors[] = {
    {{ip(66, 9, 149, 187), ip(161, 142, 100, 80), 2794, 1766}, 0x323e8fc2, 0x51ccc178},
    {{ip(199, 92, 111, 2), ip(65, 69, 140, 83), 14230, 4739}, 0xd718262a, 0xc626b0ea},
    {{ip(24, 19, 198, 95), ip(12, 22, 207, 184), 12898, 38024}, 0xd2d0a5de, 0x5c2b394a},
    {{ip(38, 27, 205, 30), ip(209, 142, 163, 6), 48228, 2217}, 0x82989176, 0xafc7327f},
    {{ip(153, 39, 163, 191), ip(202, 188, 127, 2), 44251, 1303}, 0x5d1809c5, 0x10e828a2},
};

TEST(Rss, HashesAsPublished) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(toeplitz_hash(vector.tuple.source, vector.tuple.destination), vector.addresses);
    EXPECT_EQ(toeplitz_hash(vector.tuple), vector.with_ports);
  }
}

TEST(Rss, ConnectionsHaveAddressesOfTheirOwn) {
  Addressing addressing;
  addressing.clients = 100;
  const FourTuple client = addressing.received(3);
  EXPECT_EQ(client.source, ip(10, 1, 0, 4));
  EXPECT_EQ(client.destination, ip(10, 0, 0, 1));
  EXPECT_EQ(client.source_port, 32771);
  EXPECT_EQ(client.destination_port, 8000);
  const FourTuple origin = addressing.received(100);
  EXPECT_EQ(origin.source, ip(10, 0, 1, 0));
  EXPECT_EQ(origin.source_port, 8000);
  EXPECT_EQ(origin.destination_port, 32768);
}

// 1000 connections on 8 queues: 125 each, and a fair coin would be off by more than a third once in
// many thousand times.
TEST(Rss, ManyConnectionsUseAllQueues) {
  const Addressing addressing;
  std::vector<unsigned> connections(8);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ++connections[rss_queue(toeplitz_hash(addressing.received(i)), 8)];
  }
  for (const unsigned n : connections) {
    EXPECT_GT(n, 83U);
    EXPECT_LT(n, 167U);
  }
}

TEST(Rss, TheTableDealsTheQueuesOut) {
  EXPECT_EQ(rss_queue(0, 3), 0U);
  EXPECT_EQ(rss_queue(5, 3), 2U);
  EXPECT_EQ(rss_queue(128, 3), 0U) << "128 entries";
  EXPECT_EQ(rss_queue(0xffffffff, 1), 0U);
}

}  // namespace
}  // namespace copypath
