// Laws of the host profile: of a machine whose primitives are made of known costs, it has these
// costs. What a primitive is made of: docs/native.md, calibration.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "testbench/host_profile.h"

namespace copypath {
namespace {

using native::Measured;

constexpr double kNs = 1e-9;
constexpr double kPages = 16;  // of 64 KiB
constexpr double kSentBytes = 15 * 4096;
constexpr double kDeep = 128;  // reads at a time

// Costs in seconds. Files in large folios are not looked up page by page.
constexpr double kSystemCall = 170 * kNs;
constexpr double kCachedByte = 0.02 * kNs;
constexpr double kCopyFolio = 200 * kNs;
constexpr double kPageLookup = 150 * kNs;
constexpr double kReadPage = 60 * kNs;
constexpr double kLatency = 160 * kNs;
constexpr double kNearByte = 0.022 * kNs;  // of a copy from the cache
constexpr double kFarByte = 0.060 * kNs;   // and from memory
constexpr double kReadCall = 400 * kNs;
constexpr double kPipeFill = 800 * kNs;
constexpr double kSplicePage = 30 * kNs;
constexpr double kSpliceCall = 50 * kNs;
constexpr double kVmspliceCall = 330 * kNs;
constexpr double kIoctlCall = 270 * kNs;
constexpr double kPinPage = 40 * kNs;
constexpr double kPacketCost = 3000 * kNs;  // skb and receive
constexpr double kSentByte = 0.04 * kNs;
constexpr double kSendCall = 1900 * kNs;
constexpr double kSpliceSend = 1300 * kNs;
constexpr double kSendPage = 35 * kNs;
constexpr double kRingRequest = 60 * kNs;  // and its completion
constexpr double kDiskWait = 18000 * kNs;
constexpr double kDiskRequest = 1200 * kNs;
constexpr double kDiskPage = 150 * kNs;
constexpr double kRefillPage = 250 * kNs;
constexpr double kColdPages = 40;

std::map<std::string, double> primitives() {
  const double read = kSystemCall + kReadCall + kPageLookup + kCopyFolio + kReadPage;
  const double call = kSystemCall + kReadCall + kLatency;
  const double fill = kSystemCall + kPipeFill;
  const double send = kSystemCall + kSendCall;
  const double calls = kVmspliceCall + kSpliceCall + 2 * kSystemCall;
  const double direct = kDiskRequest + kPinPage + kDiskPage;
  const double slept = kSystemCall + kDiskWait + direct;
  return {
      {"system_call", kSystemCall},
      {"read_4k", read + 4096 * kCachedByte},
      {"refer", kSplicePage + (fill + kPageLookup) / kPages},
      {"refer_folios", kPageLookup * 15 / 16},
      {"refer_4k_large_folios", kPageLookup + kSplicePage + fill},
      {"splice_4k_large_folios", kPageLookup + kSplicePage + fill + kSystemCall + 2 * kSpliceCall},
      {"pin", kPinPage + kSplicePage + calls / kPages},
      {"pin_4k", kPinPage + kSplicePage + calls},
      {"ioctl_outq", kSystemCall + kIoctlCall},
      {"send_4k", send + kPacketCost + 4096 * kSentByte},
      {"send_packet", send + kPacketCost + kSentBytes * kSentByte},
      {"splice_4k", kSpliceSend + kPacketCost + kSendPage},
      {"splice_packet", kSpliceSend + kPacketCost + kPages * kSendPage},
      {"splice_2_packets", kSpliceSend + 2 * (kPacketCost + kPages * kSendPage)},
      {"uring_nop", kSystemCall + kRingRequest},
      {"uring_16_nops", kSystemCall + 16 * kRingRequest},
      {"direct_4k", slept + kRefillPage},
      {"direct_1m", slept + kRefillPage + 255 * (kPinPage + kDiskPage)},
      {"direct_4k_send_64k", slept + kPages * kRefillPage},
      {"direct_4k_send_1m", slept + kColdPages * kRefillPage},
      {"direct_deep_4k", (kSystemCall + kDiskWait) / kDeep + direct + kRingRequest},
      {"copy_256k", kCachedByte},
      {"copy_from_memory", kFarByte},
      {"read_1m",
       call + kPageLookup + kCopyFolio + 256 * kReadPage + 1024 * 1024 * kFarByte * 2 / 3},
      {"memory_latency", kLatency},
      {"read_64k", 4096 * kFarByte + kReadPage + (call + kPageLookup + kCopyFolio) / kPages},
      {"read_folios", (kPageLookup + kCopyFolio) * 15 / 16},
      {"copy_of_1m", kNearByte},
      {"copy_of_2m", kNearByte},
      {"copy_of_4m", kNearByte},
      {"copy_of_8m", kNearByte},
      {"copy_of_16m", kFarByte},
      {"copy_of_32m", kFarByte},
      {"copy_from_disk_1m", kNearByte},
      {"copy_from_disk_2m", kNearByte},
      {"copy_from_disk_4m", kFarByte},
      {"copy_from_disk_8m", kFarByte},
      {"copy_from_disk_16m", kFarByte}};
}

/// The values by key, as they are written.
std::map<std::string, std::string> profile_of(const std::map<std::string, double>& figures) {
  std::vector<Measured> measured;
  for (const auto& [name, seconds] : figures) {
    measured.push_back({name, "", "", "", {seconds, seconds, 0}});
  }
  native::HostFacts facts;
  facts.kernel = "6.18.1";
  facts.processors = 2;
  facts.last_cache = 256 * 1024 * 1024;
  std::map<std::string, std::string> values;
  for (const ProfileKey& key : host_profile(measured, facts)) values[key.key] = key.value;
  return values;
}

TEST(HostProfile, GivesBackTheCostsThatPrimitivesAreMadeOf) {
  const auto values = profile_of(primitives());
  const std::map<std::string, double> costs{
      {"cpu.syscall", kSystemCall},       {"cpu.read_call", kReadCall},
      {"cpu.read_page", kReadPage},       {"cpu.copy_folio", kCopyFolio},
      {"cpu.refill_page", kRefillPage},   {"cpu.page_lookup", kPageLookup},
      {"cpu.pipe_fill", kPipeFill},       {"cpu.splice_page", kSplicePage},
      {"cpu.splice_call", kSpliceCall},   {"cpu.pin_page", kPinPage},
      {"cpu.skb", 0.4 * kPacketCost},     {"cpu.receive", 0.6 * kPacketCost},
      {"cpu.send_call", kSendCall},       {"cpu.splice_send", kSpliceSend},
      {"cpu.send_page", kSendPage},       {"cpu.disk_wait", kDiskWait},
      {"cpu.disk_request", kDiskRequest}, {"cpu.disk_page", kDiskPage},
      {"cpu.ioctl_call", kIoctlCall},     {"cpu.vmsplice_call", kVmspliceCall}};
  for (const auto& [key, cost] : costs) {
    ASSERT_EQ(values.count(key), 1U) << key;
    EXPECT_NEAR(std::stod(values.at(key)) * 1e-12, cost, 1e-12) << key << ", to a picosecond";
  }
}

TEST(HostProfile, CopiesAreThoseOfTheProcessor) {
  const auto values = profile_of(primitives());
  EXPECT_EQ(values.at("cpu.copy_rate_cached"), "50000MB/s");
  EXPECT_EQ(values.at("cpu.copy_rate"), "10000MB/s") << "half of it takes 20 ps, all of it 60";
  EXPECT_EQ(values.at("cpu.copy_rate_large"), "16667MB/s") << "20 and 40";
  EXPECT_EQ(values.at("cpu.refill_size"), "160KiB");
}

TEST(HostProfile, HasNothingWithoutItsPrimitives) {
  auto figures = primitives();
  figures.erase("direct_4k");
  figures.erase("copy_from_disk_1m");
  const auto values = profile_of(figures);
  for (const char* key : {"cpu.disk_wait", "cpu.disk_request", "cpu.disk_page", "cache.ddio"}) {
    EXPECT_EQ(values.count(key), 0U) << key;
  }
}

// Half way between 8 MiB, all of which are near, and 16 MiB, none of which are.
TEST(HostProfile, CacheEndsWhereACopyIsHalfWayToMemory) {
  auto figures = primitives();
  EXPECT_EQ(profile_of(figures).at("cache.size"), "12288KiB");
  figures["copy_of_16m"] = kNearByte + 0.75 * (kFarByte - kNearByte);
  EXPECT_EQ(profile_of(figures).at("cache.size"), "13653KiB") << "8 MiB + 8 MiB x 0.5 / 0.75";
}

TEST(HostProfile, CacheIsAsLargeAsTheSystemSaysWhereNoCopyIsOfMemory) {
  auto figures = primitives();
  figures["copy_of_16m"] = figures["copy_of_32m"] = kNearByte;
  EXPECT_EQ(profile_of(figures).at("cache.size"), "268435456B");
}

TEST(HostProfile, ShareOfDmaIsHowMuchADiskDeliversIntoTheCache) {
  auto figures = primitives();
  EXPECT_EQ(profile_of(figures).at("cache.ddio"), "0.25") << "3 of 12 MiB";
  figures["copy_from_disk_1m"] = kFarByte;
  EXPECT_EQ(profile_of(figures).at("cache.ddio"), "0") << "nothing";
  for (const int size : {1, 2, 4, 8, 16}) {
    figures["copy_from_disk_" + std::to_string(size) + "m"] = kNearByte;
  }
  EXPECT_EQ(profile_of(figures).at("cache.ddio"), "1") << "16 MiB and more";
}

// Some of what a disk delivers is in the cache, the rest is not, whatever was there before.
TEST(HostProfile, ShareOfDmaInTheCacheIsHowNearACopyOfItIs) {
  auto figures = primitives();
  figures["copy_from_disk_1m"] = kNearByte;
  EXPECT_EQ(profile_of(figures).at("cache.dma_share"), "1");
  figures["copy_from_disk_1m"] = 0.25 * kNearByte + 0.75 * kFarByte;
  EXPECT_EQ(profile_of(figures).at("cache.dma_share"), "0.25");
  figures["copy_from_disk_1m"] = 1.1 * kFarByte;
  EXPECT_EQ(profile_of(figures).at("cache.dma_share"), "0");
}

// Cores then keep what DMA has brought in, and it is updated where it is; else each delivery is
// found in the cache only if all of them fit the share of DMA.
TEST(HostProfile, DmaAllocatesIfHoweverMuchADiskDeliversIsInTheCache) {
  auto figures = primitives();
  EXPECT_EQ(profile_of(figures).at("cache.dma_write_allocate"), "false");
  for (const int size : {1, 2, 4, 8, 16}) {
    figures["copy_from_disk_" + std::to_string(size) + "m"] = kNearByte;
  }
  EXPECT_EQ(profile_of(figures).at("cache.dma_write_allocate"), "true");
}

}  // namespace
}  // namespace copypath
