#include "models/nic/tls_record.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace copypath {

namespace {

constexpr std::size_t kHeaderSize = kTlsHeader.count();

// Framing is told apart by the number of its record, in a field of 32 bits that has other uses.
constexpr std::uint64_t kRecordNumbers = 0x7fffffff;

void check(int status) {
  if (status != 1) throw std::runtime_error("OpenSSL refuses AES-256-GCM");
}

/// RFC 8446, 5.3: the number of the record, in network order, over the end of the nonce.
std::array<std::uint8_t, 12> nonce_of(std::array<std::uint8_t, 12> nonce, std::uint64_t record) {
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[11 - i] = static_cast<std::uint8_t>(nonce[11 - i] ^ (record >> (8 * i)));
  }
  return nonce;
}

}  // namespace

void TlsCipher::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

TlsCipher::TlsCipher(std::uint32_t connection, bool encrypts)
    : context_(EVP_CIPHER_CTX_new()), encrypts_(encrypts) {
  std::array<std::uint8_t, 32> key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<std::uint8_t>(7 * i + (connection >> (8 * (i % 4))));
  }
  for (std::size_t i = 0; i < nonce_.size(); ++i) nonce_[i] = static_cast<std::uint8_t>(11 * i + 3);
  check(EVP_CipherInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr,
                          encrypts ? 1 : 0));
}

TlsCipher::Header TlsCipher::header(std::uint64_t text) {
  const std::uint64_t length = text + kTlsTrailer.count();
  return {kApplicationData, 3, 3, static_cast<std::uint8_t>(length >> 8),
          static_cast<std::uint8_t>(length)};
}

std::uint64_t TlsCipher::text_of(const Header& header) {
  const std::uint64_t length = std::uint64_t{header[3]} << 8 | header[4];
  return length - std::min(length, kTlsTrailer.count());
}

void TlsCipher::begin(std::uint64_t record, const Header& header) {
  const auto nonce = nonce_of(nonce_, record);
  int done = 0;
  check(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), -1));
  check(EVP_CipherUpdate(context_.get(), nullptr, &done, header.data(),
                         static_cast<int>(header.size())));
}

void TlsCipher::update(const std::uint8_t* in, std::size_t n, std::uint8_t* out) {
  int done = 0;
  check(EVP_CipherUpdate(context_.get(), out, &done, in, static_cast<int>(n)));
}

TlsCipher::Tag TlsCipher::tag() {
  Tag tag;
  int done = 0;
  check(EVP_CipherFinal_ex(context_.get(), tag.data(), &done));
  check(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                            tag.data()));
  return tag;
}

bool TlsCipher::verify(const Tag& tag) {
  Tag expected = tag;
  int done = 0;
  check(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG,
                            static_cast<int>(expected.size()), expected.data()));
  return EVP_CipherFinal_ex(context_.get(), expected.data(), &done) == 1;
}

void TlsWriter::apply(const Content& text, Content& records) {
  if (text.real()) {
    apply_bytes(text, records);
  } else {
    apply_tags(text, records);
  }
}

/// Bytes [offset, offset + bytes) of header and trailer of the next record.
Run TlsWriter::framing(Bytes text, Bytes offset, Bytes bytes) const {
  return {static_cast<std::uint32_t>(next_ & kRecordNumbers),
          static_cast<std::uint32_t>(text.count()), offset.count(), bytes.count(), Form::kFraming};
}

void TlsWriter::apply_tags(const Content& text, Content& records) {
  Bytes left = text.size();
  auto run = text.runs().begin();
  std::uint64_t used = 0;  // of the run
  while (left > Bytes(0)) {
    const Bytes record = std::min(left, kTlsLargestText);
    records.append(framing(record, Bytes(0), kTlsHeader));
    for (std::uint64_t n = record.count(); n > 0;) {
      const std::uint64_t part = std::min(n, run->bytes - used);
      records.append({run->file, run->version, run->offset + used, part,
                      encrypts_ ? Form::kEncrypted : run->form});
      n -= part;
      used += part;
      if (used == run->bytes) {
        ++run;
        used = 0;
      }
    }
    records.append(framing(record, kTlsHeader, kTlsTrailer));
    ++next_;
    left -= record;
  }
}

void TlsWriter::apply_bytes(const Content& text, Content& records) {
  const std::uint8_t* in = text.bytes().data();
  std::vector<std::uint8_t> encrypted;
  for (std::size_t left = text.bytes().size(); left > 0;) {
    const std::size_t n = std::min<std::size_t>(left, kTlsLargestText.count());
    if (encrypts_) {
      const TlsCipher::Header header = TlsCipher::header(n);
      encrypted.resize(n + 1);
      cipher_.begin(next_, header);
      cipher_.update(in, n, encrypted.data());
      cipher_.update(&TlsCipher::kApplicationData, 1, encrypted.data() + n);
      const TlsCipher::Tag tag = cipher_.tag();
      records.append(header.data(), header.size(), Form::kFraming);
      records.append(encrypted.data(), n);
      records.append(encrypted.data() + n, 1, Form::kFraming);
      records.append(tag.data(), tag.size(), Form::kFraming);
      ++next_;
    } else {
      Content framing;
      lay_out(Bytes(n), Data::kBytes, framing);
      records.append(framing.bytes().data(), kHeaderSize, Form::kFraming);
      records.append(in, n);
      records.append(framing.bytes().data() + kHeaderSize, kTlsTrailer.count(), Form::kFraming);
    }
    in += n;
    left -= n;
  }
}

void TlsWriter::lay_out(Bytes text, Data data, Content& out) {
  if (data == Data::kTags) {
    out.append(framing(text, Bytes(0), kTlsFraming));
  } else {
    const TlsCipher::Header header = TlsCipher::header(text.count());
    const std::array<std::uint8_t, kTlsTrailer.count()> trailer{TlsCipher::kApplicationData};
    out.append(header.data(), header.size(), Form::kFraming);
    out.append(trailer.data(), trailer.size(), Form::kFraming);
  }
  ++next_;
}

}  // namespace copypath
