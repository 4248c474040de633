// Bytes of a stream are seen once, whatever the order and the cuts of its packets: the probes of
// `native --evidence` against a list of all bytes.
#include "native/seen_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

namespace {

constexpr std::uint32_t kLength = 1000;

/// The stream as a list of its bytes, from sequence number `first` on.
class Stream {
public:
  explicit Stream(std::uint32_t first) : first_(first) { seen_.up_to = first; }

  /// Sees bytes [from, to), and checks which of them are said to be fresh.
  void see(std::uint32_t from, std::uint32_t to) {
    FreshParts fresh{};
    unfollowed_ += follow(&seen_, first_ + from, static_cast<std::int32_t>(to - from), &fresh);
    for (std::uint32_t i = from; i < to; ++i) {
      const auto offset = static_cast<std::int32_t>(i - from);
      const bool is_fresh = fresh_bytes(&fresh, {offset, offset + 1}) == 1;
      if (unfollowed_ == 0) {
        EXPECT_EQ(is_fresh, bytes_[i] == 0) << "byte " << i;
      }
      if (is_fresh) ++bytes_[i];
    }
  }

  bool each_once() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](int times) { return times == 1; });
  }
  bool none_twice() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](int times) { return times <= 1; });
  }
  std::uint32_t unfollowed() const { return unfollowed_; }

private:
  std::uint32_t first_;
  SeenStream seen_{};
  std::array<int, kLength> bytes_{};
  std::uint32_t unfollowed_ = 0;
};

TEST(SeenStream, PacketsInOrder) {
  Stream stream(7);
  for (std::uint32_t at = 0; at < kLength; at += 100) stream.see(at, at + 100);
  EXPECT_TRUE(stream.each_once());
}

TEST(SeenStream, TheFirstPacketComesSecond) {
  Stream stream(0);
  stream.see(100, kLength);
  stream.see(0, 100);
  EXPECT_TRUE(stream.each_once());
}

// 233 bytes are lost and sent again in packets of 65, of which the second begins within the first.
TEST(SeenStream, SentAgainAndCutElsewhere) {
  Stream stream(0);
  stream.see(233, kLength);
  for (const std::uint32_t at : {0U, 61U, 122U, 170U}) stream.see(at, at + 65);
  EXPECT_TRUE(stream.each_once());
}

// Numbers near the end of the 32 bits; packets of all sizes, thrice over, in a random order in
// which none is far from its place.
TEST(SeenStream, RandomPackets) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Stream stream(static_cast<std::uint32_t>(-500));
    std::vector<std::array<std::uint32_t, 3>> packets;  // place, from, to
    for (int copy = 0; copy < 3; ++copy) {
      for (std::uint32_t from = 0; from < kLength;) {
        const std::uint32_t to =
            std::min(kLength, from + 1 + static_cast<std::uint32_t>(random() % 150));
        packets.push_back({from + static_cast<std::uint32_t>(random() % 300), from, to});
        from = to;
      }
    }
    std::sort(packets.begin(), packets.end());
    for (const auto& [place, from, to] : packets) stream.see(from, to);
    ASSERT_TRUE(stream.none_twice());
    ASSERT_EQ(stream.each_once(), stream.unfollowed() == 0);
  }
}

TEST(SeenStream, MoreGapsThanCanBeKept) {
  Stream stream(0);
  for (std::uint32_t at = 10; at < 2 * 10 * (kGapsOfStream + 1); at += 20) stream.see(at, at + 10);
  EXPECT_EQ(stream.unfollowed(), 10U);
  stream.see(0, kLength);
  EXPECT_TRUE(stream.none_twice());
  EXPECT_FALSE(stream.each_once());
}

}  // namespace
