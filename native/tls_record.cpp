// The records, by OpenSSL's EVP interface. The nonce of a record is the IV, exclusive-ored with the
// number of the record (RFC 8446, 5.3); the header is authenticated besides.
#include "native/tls_record.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace copypath::native {

namespace {

constexpr std::size_t kTag = 16;

void check(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL: AES-256-GCM failed");
}

}  // namespace

void TlsRecords::Free::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

TlsRecords::TlsRecords(Use use) : context_(EVP_CIPHER_CTX_new()) {
  check(EVP_CipherInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, kTlsKey.data(), kTlsIv.data(),
                          use == Use::kSeal ? 1 : 0));
}

TlsRecords::~TlsRecords() = default;

void TlsRecords::begin_record(Use use, const std::uint8_t* header) {
  std::array<std::uint8_t, kTlsIv.size()> nonce = kTlsIv;
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[nonce.size() - 1 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  }
  ++sequence_;
  check(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(),
                          use == Use::kSeal ? 1 : 0));
  int ignored = 0;
  check(EVP_CipherUpdate(context_.get(), nullptr, &ignored, header, kTlsHeader));
}

std::size_t TlsRecords::seal(const std::uint8_t* payload, std::size_t bytes,
                             std::uint8_t* records) {
  const std::uint8_t* const start = records;
  while (bytes > 0) {
    const std::size_t n = std::min(bytes, kTlsPayload);
    const std::size_t length = n + 1 + kTag;
    const std::array<std::uint8_t, kTlsHeader> header{kTlsApplicationData, 3, 3,
                                                      static_cast<std::uint8_t>(length >> 8),
                                                      static_cast<std::uint8_t>(length)};
    std::copy(header.begin(), header.end(), records);
    begin_record(Use::kSeal, records);
    std::uint8_t* next = records + kTlsHeader;
    int written = 0;
    check(EVP_CipherUpdate(context_.get(), next, &written, payload, static_cast<int>(n)));
    next += written;
    check(EVP_CipherUpdate(context_.get(), next, &written, &kTlsApplicationData, 1));
    next += written;
    check(EVP_CipherFinal_ex(context_.get(), next, &written));
    check(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTag, next));
    records = next + kTag;
    payload += n;
    bytes -= n;
  }
  return static_cast<std::size_t>(records - start);
}

std::size_t TlsRecords::open(const std::uint8_t* record, std::size_t bytes, std::uint8_t* payload) {
  begin_record(Use::kOpen, record);
  const std::size_t sealed = bytes - kTlsHeader - kTag;  // payload and type
  std::array<std::uint8_t, kTag> tag;
  std::copy_n(record + kTlsHeader + sealed, kTag, tag.begin());
  int written = 0;
  int rest = 0;
  std::array<std::uint8_t, kTlsPayload + 1> opened;
  check(EVP_CipherUpdate(context_.get(), opened.data(), &written, record + kTlsHeader,
                         static_cast<int>(sealed)));
  check(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()));
  if (EVP_CipherFinal_ex(context_.get(), opened.data() + written, &rest) != 1) {
    throw std::runtime_error("a TLS record is not authentic");
  }
  if (opened[sealed - 1] != kTlsApplicationData) {
    throw std::runtime_error("a TLS record holds no application data");
  }
  std::copy_n(opened.begin(), sealed - 1, payload);
  return sealed - 1;
}

std::size_t TlsRecords::size_of(const std::uint8_t* header) {
  const std::size_t length = static_cast<std::size_t>(header[3] << 8 | header[4]);
  const bool sound = header[0] == kTlsApplicationData && header[1] == 3 && header[2] == 3 &&
                     length > kTag && length <= kTlsPayload + 1 + kTag;
  if (!sound) throw std::runtime_error("this is no TLS record");
  return kTlsHeader + length;
}

}  // namespace copypath::native
