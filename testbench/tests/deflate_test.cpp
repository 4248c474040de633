// Laws of compression on the way: a client inflates exactly what the server has read, however it is
// cut; what is left of text is less; of tags the configured share, chunk by chunk; and one wrong
// byte is noticed.
#include "models/workload/deflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

namespace copypath {
namespace {

Content real(const std::string& text) {
  Content content;
  content.append(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  return content;
}

std::string prose(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i)
    text += "line " + std::to_string(i * i) + " of it\n";
  text.resize(size);
  return text;
}

std::string noise(std::size_t size) {
  std::mt19937 random(5);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// A file that is sent in chunks.
Content compressed(const std::string& text, std::size_t chunk) {
  Compressor compressor(0.4);
  compressor.begin_file();
  Content out;
  for (std::size_t at = 0; at < text.size(); at += chunk) {
    const std::size_t before = out.bytes().size();
    compressor.set_last(at + chunk >= text.size());
    const std::string part = text.substr(at, chunk);
    compressor.apply(real(part), out);
    EXPECT_LE(out.bytes().size() - before, Compressor::most(Bytes(part.size())).count());
    EXPECT_GT(out.bytes().size(), before) << "a flushed chunk leaves something";
  }
  return out;
}

WorkloadConfig work(std::uint64_t size, std::uint64_t chunk) {
  WorkloadConfig config;
  config.file_size = Bytes(size);
  config.chunk = Bytes(chunk);
  config.compress_ratio = 0.4;
  return config;
}

TEST(Deflate, ClientInflatesWhatTheServerHasRead) {
  std::mt19937 random(3);
  for (const std::string& text :
       {prose(1), prose(100'000), noise(100'000), std::string(70'000, 0)}) {
    for (const std::size_t chunk : {1, 100, 65'536, 200'000}) {
      if (chunk == 1 && text.size() > 1) continue;
      const Content stream = compressed(text, chunk);
      Decompressor client(work(text.size(), chunk));
      Content file;
      for (std::size_t at = 0; at < stream.bytes().size();) {
        const std::size_t n = std::min(1 + random() % 3000, stream.bytes().size() - at);
        Content packet;
        packet.append(stream.bytes().data() + at, n);
        ASSERT_TRUE(client.decode(packet, file));
        at += n;
      }
      EXPECT_EQ(std::string(file.bytes().begin(), file.bytes().end()), text);
    }
  }
}

// What arrives is a plain zlib stream: anybody can inflate it.
TEST(Deflate, IsOneZlibStreamPerFile) {
  const std::string text = prose(50'000);
  const Content stream = compressed(text, 8192);
  std::vector<std::uint8_t> out(text.size());
  uLongf size = out.size();
  ASSERT_EQ(uncompress(out.data(), &size, stream.bytes().data(), stream.bytes().size()), Z_OK);
  EXPECT_EQ(std::string(out.begin(), out.end()), text);
}

TEST(Deflate, LeavesLessOfProseAndNoLessOfNoise) {
  EXPECT_LT(compressed(prose(100'000), 65536).size(), Bytes(40'000));
  EXPECT_GT(compressed(noise(100'000), 65536).size(), Bytes(100'000));
}

TEST(Deflate, FilesFollowEachOther) {
  const std::string text = prose(30'000);
  Compressor server(0.4);
  Decompressor client(work(text.size(), text.size()));
  for (int request = 0; request < 3; ++request) {
    Content stream, file;
    server.begin_file();
    server.set_last(true);
    server.apply(real(text), stream);
    ASSERT_TRUE(client.decode(stream, file));
    EXPECT_EQ(std::string(file.bytes().begin(), file.bytes().end()), text);
  }
}

TEST(Deflate, TheEndIsDeliveredWithTheEndOfTheStream) {
  const std::string text = prose(30'000);
  const Content stream = compressed(text, text.size());
  Content beginning, end, file;
  beginning.append(stream.bytes().data(), stream.bytes().size() - 1);
  end.append(&stream.bytes().back(), 1);
  Decompressor client(work(text.size(), text.size()));
  ASSERT_TRUE(client.decode(beginning, file));
  EXPECT_LT(file.size(), Bytes(text.size()));
  ASSERT_TRUE(client.decode(end, file));
  EXPECT_EQ(file.size(), Bytes(text.size()));
}

TEST(Deflate, OneWrongByteIsNoticed) {
  const std::string text = prose(20'000);
  const Content good = compressed(text, 5000);
  for (std::size_t at = 0; at < good.bytes().size(); at += 7) {
    Content bad = good;
    bad.bytes()[at] ^= 0x10;
    Decompressor client(work(text.size(), 5000));
    Content file;
    const bool accepted = client.decode(bad, file);
    EXPECT_FALSE(accepted && std::string(file.bytes().begin(), file.bytes().end()) == text) << at;
  }
}

TEST(Deflate, OfTagsEveryChunkLeavesItsShareRoundedUp) {
  EXPECT_EQ(compressed_size(Bytes(1000), 0.4), Bytes(400));
  EXPECT_EQ(compressed_size(Bytes(1001), 0.4), Bytes(401));
  EXPECT_EQ(compressed_size(Bytes(1), 0.01), Bytes(1));
  Compressor server(0.4);
  Content chunk, out;
  chunk.append({3, 1, 8000, 1001});
  server.apply(chunk, out);
  ASSERT_EQ(out.runs().size(), 1U);
  EXPECT_EQ(out.runs()[0].form, Form::kCompressed);
  EXPECT_EQ(out.runs()[0].offset, 8000U);
  EXPECT_EQ(out.size(), Bytes(401));
}

TEST(Deflate, TagsAreCheckedChunkByChunk) {
  const auto accepted = [](const std::vector<copypath::Run>& runs) {
    Decompressor client(work(2500, 1000));  // chunks that leave 400, 400 and 200
    Content stream, file;
    for (const copypath::Run& run : runs) stream.append(run);
    return client.decode(stream, file) && file.size() == Bytes(2500);
  };
  const auto left = [](std::uint64_t offset, std::uint64_t bytes) {
    return copypath::Run{3, 1, offset, bytes, Form::kCompressed};
  };
  EXPECT_TRUE(accepted({left(0, 400), left(1000, 400), left(2000, 200)}));
  EXPECT_TRUE(accepted({left(0, 100), left(100, 300), left(1000, 400), left(2000, 200)}));
  EXPECT_FALSE(accepted({left(0, 400), left(2000, 200)})) << "a chunk is missing";
  EXPECT_FALSE(accepted({left(0, 399), left(1000, 400), left(2000, 200)})) << "a byte is";
  EXPECT_FALSE(accepted({left(1000, 400), left(0, 400), left(2000, 200)}));
  EXPECT_FALSE(accepted({{3, 1, 0, 2500}})) << "not compressed";
}

}  // namespace
}  // namespace copypath
