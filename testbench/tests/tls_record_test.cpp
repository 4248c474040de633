// Laws of TLS records: 22 bytes of framing for every 16 KiB begun; what one side writes the other
// reads, and nothing else passes: no byte changed, no record left out, repeated or out of order,
// nothing in plain. A NIC that encrypts on the way out, packet by packet, makes the same bytes as a
// core that encrypts beforehand.
#include "models/nic/tls_record.h"

#include <gtest/gtest.h>

#include <random>

#include "models/nic/inline_encryption.h"
#include "models/workload/tls_reader.h"

namespace copypath {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets octets(std::size_t n) {
  Octets bytes(n);
  std::mt19937 random(static_cast<unsigned>(n));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

Content real(const Octets& bytes) {
  Content content;
  content.append(bytes.data(), bytes.size());
  return content;
}

Content tags(std::uint64_t offset, std::uint64_t bytes) {
  Content content;
  content.append({7, 2, offset, bytes});
  return content;
}

/// Bytes [from, from + n) of a content.
Content part(const Content& whole, std::size_t from, std::size_t n) {
  Content result;
  std::size_t at = 0;
  for (const Run& run : whole.runs()) {
    const std::size_t begin = std::max(from, at);
    const std::size_t end = std::min<std::size_t>(from + n, at + run.bytes);
    if (begin < end && whole.real()) {
      result.append(whole.bytes().data() + begin, end - begin, run.form);
    } else if (begin < end) {
      result.append({run.file, run.version, run.offset + begin - at, end - begin, run.form});
    }
    at += run.bytes;
  }
  return result;
}

Content sealed(const Content& text, std::uint32_t connection = 1) {
  TlsWriter writer(connection, TlsWriter::Mode::kEncrypt);
  Content records;
  writer.apply(text, records);
  return records;
}

bool same(const Content& a, const Content& b) {
  if (a.bytes() != b.bytes() || a.runs().size() != b.runs().size()) return false;
  for (std::size_t i = 0; i < a.runs().size(); ++i) {
    const Run& x = a.runs()[i];
    const Run& y = b.runs()[i];
    if (x.file != y.file || x.version != y.version || x.offset != y.offset || x.bytes != y.bytes ||
        x.form != y.form) {
      return false;
    }
  }
  return true;
}

constexpr std::uint64_t kSizes[] = {1, 2, 16383, 16384, 16385, 32768, 50'000};

TEST(TlsRecord, EveryRecordHas22BytesOfFraming) {
  EXPECT_EQ(tls_sealed_size(Bytes(0)), Bytes(0));
  EXPECT_EQ(tls_sealed_size(Bytes(1)), Bytes(23));
  EXPECT_EQ(tls_sealed_size(Bytes(16384)), Bytes(16406));
  EXPECT_EQ(tls_sealed_size(Bytes(16385)), Bytes(16385 + 44));
  for (const std::uint64_t size : kSizes) {
    for (const Content& text : {tags(0, size), real(octets(size))}) {
      EXPECT_EQ(sealed(text).size(), tls_sealed_size(Bytes(size))) << size;
      EXPECT_EQ(sealed(text).framing(), tls_sealed_size(Bytes(size)) - Bytes(size)) << size;
    }
  }
}

// RFC 8446, 5.2: opaque_type 23, legacy_record_version 0x0303, length of the ciphertext.
TEST(TlsRecord, HeaderIsThatOfTls13) {
  const Content record = sealed(real(octets(300)));
  const Octets header(record.bytes().begin(), record.bytes().begin() + 5);
  EXPECT_EQ(header, (Octets{23, 3, 3, 317 / 256, 317 % 256}));
}

TEST(TlsRecord, ReaderGetsWhatTheWriterWasGivenHoweverItArrives) {
  std::mt19937 random(1);
  for (const std::uint64_t size : kSizes) {
    for (const Content& text : {tags(4096, size), real(octets(size))}) {
      const Content stream = sealed(text);
      TlsReader reader(1);
      Content file;
      for (std::size_t at = 0; at < stream.size().count();) {
        const std::size_t n = 1 + random() % 9000;
        ASSERT_TRUE(reader.decode(part(stream, at, n), file));
        at += n;
      }
      EXPECT_TRUE(same(file, text)) << size;
    }
  }
}

TEST(TlsRecord, TextIsDeliveredWhenItsRecordIsComplete) {
  for (const Content& text : {tags(0, 20'000), real(octets(20'000))}) {
    const Content stream = sealed(text);
    TlsReader reader(1);
    Content file;
    ASSERT_TRUE(reader.decode(part(stream, 0, 16405), file));
    EXPECT_EQ(file.size(), Bytes(0));
    ASSERT_TRUE(reader.decode(part(stream, 16405, 1), file));
    EXPECT_EQ(file.size(), Bytes(16384));
  }
}

TEST(TlsRecord, CiphertextIsNotTheTextAndDiffersByRecordAndConnection) {
  const Octets text(16384, 'a');
  TlsWriter writer(1, TlsWriter::Mode::kEncrypt);
  Content first, second;
  writer.apply(real(text), first);
  writer.apply(real(text), second);
  EXPECT_NE(first.bytes(), second.bytes());
  EXPECT_NE(first.bytes(), sealed(real(text), 2).bytes());
  EXPECT_EQ(first.bytes(), sealed(real(text), 1).bytes()) << "the same on every machine";
  std::size_t equal = 0;
  for (std::size_t i = 0; i < text.size(); ++i) equal += first.bytes()[5 + i] == text[i] ? 1 : 0;
  EXPECT_LT(equal, 200U) << "one in 256 by chance";
}

TEST(TlsRecord, OneWrongBitAnywhereIsNoticed) {
  const Content good = sealed(real(octets(100)));
  for (std::size_t at = 0; at < good.size().count(); ++at) {
    Content bad = good;
    bad.bytes()[at] ^= 1;
    const Octets more(20'000);
    bad.append(more.data(), more.size());  // in case it now seems longer
    TlsReader reader(1);
    Content file;
    EXPECT_FALSE(reader.decode(bad, file)) << "byte " << at;
  }
}

TEST(TlsRecord, RecordsLeftOutRepeatedSwappedOrOfAnotherKeyAreNoticed) {
  for (const Content& text : {tags(0, 40'000), real(octets(40'000))}) {
    const Content good = sealed(text);
    const auto accepted = [&](std::initializer_list<std::size_t> order, std::uint32_t key = 1) {
      TlsReader reader(key);
      Content file;
      bool fine = true;
      for (const std::size_t record : order) {
        fine = fine && reader.decode(part(good, record * 16406, 16406), file);
      }
      return fine;
    };
    EXPECT_TRUE(accepted({0, 1, 2}));
    EXPECT_FALSE(accepted({0, 2}));
    EXPECT_FALSE(accepted({0, 0}));
    EXPECT_FALSE(accepted({1, 0}));
    if (text.real()) {
      EXPECT_FALSE(accepted({0}, 2));
    }
  }
}

TEST(TlsRecord, NothingPassesInPlain) {
  for (const Content& text : {tags(0, 1000), real(octets(1000))}) {
    Content file;
    EXPECT_FALSE(TlsReader(1).decode(text, file)) << "no record at all";
    TlsWriter writer(1, TlsWriter::Mode::kLayOut);
    Content laid_out;
    writer.apply(text, laid_out);
    EXPECT_FALSE(TlsReader(1).decode(laid_out, file)) << "records that nobody has encrypted";
    EXPECT_EQ(file.size(), Bytes(0));
  }
}

TEST(TlsRecord, BytesTheWriterDidNotGetAreNoticed) {
  Content stream = sealed(tags(0, 1000));
  TlsReader reader(1);
  Content file;
  Content bad;
  for (copypath::Run run : stream.runs()) {
    if (run.form == Form::kEncrypted) run.bytes = 999;
    bad.append(run);
  }
  bad.append({0, 500, 0, 5, Form::kFraming});
  EXPECT_FALSE(reader.decode(bad, file)) << "a byte is missing";
}

// The NIC and the core have the same key and number the same records.
TEST(InlineEncryption, MakesTheBytesThatACoreWouldMakeHoweverTheyAreCut) {
  std::mt19937 random(2);
  for (const std::uint64_t size : kSizes) {
    for (const Content& text : {tags(4096, size), real(octets(size))}) {
      TlsWriter writer(3, TlsWriter::Mode::kLayOut);
      Content laid_out;
      writer.apply(text, laid_out);
      InlineEncryption nic(3);
      Content stream;
      for (std::size_t at = 0; at < laid_out.size().count();) {
        const std::size_t n = 1 + random() % 7000;
        nic.apply(part(laid_out, at, n), stream);
        at += n;
      }
      const Content expected = sealed(text, 3);
      EXPECT_EQ(stream.bytes(), expected.bytes()) << size;
      EXPECT_TRUE(text.real() || same(stream, expected)) << size;
    }
  }
}

TEST(InlineEncryption, FramingLaidOutByItselfIsThatOfTheRecord) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    const Content text = data == Data::kTags ? tags(0, 300) : real(octets(300));
    TlsWriter one(1, TlsWriter::Mode::kLayOut);
    TlsWriter other(1, TlsWriter::Mode::kLayOut);
    Content framing, record;
    one.lay_out(Bytes(300), data, framing);
    other.apply(text, record);
    EXPECT_EQ(framing.size(), kTlsFraming);
    Content joined;
    const auto append = [&](const Content& content) {
      for (const copypath::Run& run : content.runs()) joined.append(run);
    };
    append(part(framing, 0, 5));
    append(text);
    append(part(framing, 5, 17));
    EXPECT_EQ(joined.size(), record.size());
    EXPECT_EQ(joined.framing(), record.framing());
  }
}

}  // namespace
}  // namespace copypath
