// TLS 1.3 application-data records (RFC 8446, 5.2) with AES-256-GCM: a header of 5 bytes, then,
// encrypted, up to 16 KiB of payload and a type of 1 byte, then a tag of 16 bytes. The key is fixed
// and known to everybody: there is no handshake and no secret, only the work.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

struct evp_cipher_ctx_st;

namespace copypath::native {

constexpr std::size_t kTlsPayload = 16384;  ///< the most that a record holds
constexpr std::size_t kTlsHeader = 5;
constexpr std::size_t kTlsOverhead = kTlsHeader + 1 + 16;  ///< of every record
constexpr std::uint8_t kTlsApplicationData = 23;

constexpr std::array<std::uint8_t, 32> kTlsKey{'n', 'o', ' ', 's', 'e', 'c', 'r', 'e', 't'};
constexpr std::array<std::uint8_t, 12> kTlsIv{'c', 'o', 'p', 'y', 'p', 'a', 't', 'h'};

/// The bytes that `payload` takes in records that are as large as possible.
constexpr std::size_t tls_size(std::size_t payload) {
  return payload + (payload + kTlsPayload - 1) / kTlsPayload * kTlsOverhead;
}

/// One direction of a connection: seals or opens its records in their order.
class TlsRecords {
public:
  enum class Use { kSeal, kOpen };

  explicit TlsRecords(Use use);
  ~TlsRecords();
  TlsRecords(const TlsRecords&) = delete;
  TlsRecords& operator=(const TlsRecords&) = delete;

  /// Writes tls_size(bytes) bytes of records, and returns that number.
  std::size_t seal(const std::uint8_t* payload, std::size_t bytes, std::uint8_t* records);

  /// Opens the record of that many bytes, header included. Returns the number of bytes of payload;
  /// throws std::runtime_error if it is not authentic.
  std::size_t open(const std::uint8_t* record, std::size_t bytes, std::uint8_t* payload);

  /// The number of bytes of the record that begins with this header, header included. Throws
  /// std::runtime_error if it is none.
  static std::size_t size_of(const std::uint8_t* header);

private:
  void begin_record(Use use, const std::uint8_t* header);

  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
  std::uint64_t sequence_ = 0;
};

}  // namespace copypath::native
