// Laws of the drive's content: synthetic bytes are a function of file and position alone, a real
// file is what it is, and the receiver's check accepts the right content and nothing else.
#include "models/disk/media.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace copypath {
namespace {

WorkloadConfig workload(Data data, std::uint64_t size, unsigned clients = 3) {
  WorkloadConfig config;
  config.data = data;
  config.clients = clients;
  config.file_size = Bytes(size);
  return config;
}

Content content_of(Media& media, std::uint32_t file, std::uint64_t offset, std::uint64_t bytes) {
  Content content;
  media.read(file, offset, Bytes(bytes), content);
  return content;
}

class MediaContent : public ::testing::TestWithParam<Data> {};

INSTANTIATE_TEST_SUITE_P(Media, MediaContent, ::testing::Values(Data::kTags, Data::kBytes),
                         [](const auto& suite) {
                           return suite.param == Data::kTags ? "Tags" : "Bytes";
                         });

TEST_P(MediaContent, HoldsExactlyWhatItDelivers) {
  Media media(workload(GetParam(), 100'000));
  for (const std::uint64_t offset : {0, 1, 7, 4095, 4096, 65'537, 99'999}) {
    const std::uint64_t bytes = std::min<std::uint64_t>(100'000 - offset, 5000);
    const Content content = content_of(media, 1, offset, bytes);
    EXPECT_TRUE(media.holds(1, offset, Bytes(bytes), content)) << offset;
    EXPECT_FALSE(media.holds(1, offset + 1, Bytes(bytes), content)) << "moved by one";
    EXPECT_FALSE(media.holds(2, offset, Bytes(bytes), content)) << "another file";
    EXPECT_FALSE(media.holds(1, offset, Bytes(bytes + 1), content)) << "one byte short";
    EXPECT_FALSE(media.holds(1, offset, Bytes(bytes - 1), content)) << "one byte too many";
  }
}

// A block of synthetic bytes is new in its first part, and repeats that; 3 bytes for each match of
// at most 258, and the tables of codes with every block of deflate, come on top.
TEST(Media, DeflateLeavesAboutTheRatioOfSyntheticBytes) {
  for (const double ratio : {0.01, 0.1, 0.25, 0.4, 0.75, 1.0}) {
    WorkloadConfig config = workload(Data::kBytes, 1'048'576);
    config.compress_ratio = ratio;
    Media media(config);
    const std::vector<std::uint8_t> bytes = content_of(media, 1, 0, 1'048'576).bytes();
    std::vector<std::uint8_t> out(compressBound(bytes.size()));
    uLongf left = out.size();
    ASSERT_EQ(compress2(out.data(), &left, bytes.data(), bytes.size(), Z_BEST_SPEED), Z_OK);
    EXPECT_NEAR(static_cast<double>(left) / 1'048'576, ratio, 0.02) << ratio;
  }
}

TEST_P(MediaContent, PiecesJoinToTheWhole) {
  Media media(workload(GetParam(), 100'000));
  Content joined;
  std::uint64_t at = 0;
  for (const std::uint64_t piece : {1, 13, 4096, 8, 777, 9000}) {
    media.read(2, 100 + at, Bytes(piece), joined);
    at += piece;
  }
  EXPECT_TRUE(media.holds(2, 100, Bytes(at), joined));
}

TEST_P(MediaContent, ReorderedPiecesAreNotTheWhole) {
  Media media(workload(GetParam(), 100'000));
  Content swapped;
  media.read(0, 4096, Bytes(4096), swapped);
  media.read(0, 0, Bytes(4096), swapped);
  EXPECT_FALSE(media.holds(0, 0, Bytes(8192), swapped));
}

TEST(Media, NumberOfFilesIsOnePerClientUnlessSaid) {
  WorkloadConfig config = workload(Data::kTags, 10, 7);
  EXPECT_EQ(Media(config).files(), 7U);
  config.files = 2;
  EXPECT_EQ(Media(config).files(), 2U);
}

TEST(Media, OneWrongByteIsNoticed) {
  Media media(workload(Data::kBytes, 100'000));
  Content content = content_of(media, 0, 0, 5000);
  for (const std::size_t at : {0, 2500, 4999}) {
    content.bytes()[at] ^= 1;
    EXPECT_FALSE(media.holds(0, 0, Bytes(5000), content)) << at;
    content.bytes()[at] ^= 1;
  }
  EXPECT_TRUE(media.holds(0, 0, Bytes(5000), content));
}

TEST(Media, UndefinedMemoryIsNoticed) {
  Media media(workload(Data::kTags, 100'000));
  Content content = content_of(media, 0, 0, 4096);
  content.append({kUndefined, 0, 0, 4096});
  EXPECT_FALSE(media.holds(0, 0, Bytes(8192), content));
}

TEST(Media, AnotherVersionIsNoticed) {
  Media media(workload(Data::kTags, 100'000));
  Content content;
  content.append({0, 1, 0, 4096});
  EXPECT_FALSE(media.holds(0, 0, Bytes(4096), content));
}

TEST(Media, SyntheticBytesDoNotRepeat) {
  // No page equals another one, of the same file or of another: a misplaced page is always seen.
  Media media(workload(Data::kBytes, 1 << 20));
  std::set<std::vector<std::uint8_t>> pages;
  for (std::uint32_t file = 0; file < 3; ++file) {
    for (std::uint64_t page = 0; page < 64; ++page) {
      EXPECT_TRUE(pages.insert(content_of(media, file, page * 4096, 4096).bytes()).second);
    }
  }
}

TEST(Media, RealFileIsDeliveredByteByByte) {
  const std::string name = testing::TempDir() + "/copypath_media_test";
  const std::string text = "The quick brown fox jumps over the lazy dog";
  std::ofstream(name) << text;
  WorkloadConfig config = workload(Data::kBytes, text.size());
  config.file = name;
  Media media(config);
  const auto bytes = content_of(media, 2, 4, 5).bytes();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "quick");
  EXPECT_TRUE(media.holds(0, 0, Bytes(text.size()), content_of(media, 1, 0, text.size())))
      << "every file is a copy of it";
  EXPECT_THROW(content_of(media, 0, 0, text.size() + 1), std::runtime_error) << "it shrank";
  std::remove(name.c_str());
}

TEST(Media, MissingFileIsAnError) {
  WorkloadConfig config = workload(Data::kBytes, 10);
  config.file = "/nonexistent/file";
  EXPECT_THROW(Media{config}, std::runtime_error);
}

}  // namespace
}  // namespace copypath
