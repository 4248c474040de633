// TLS 1.3 records with AES-256-GCM, as they are on the wire: up to 16 KiB of text, behind a header
// of 5 bytes, before 17 more (the encrypted content type and the tag); and the two ways of making
// them: encrypted by a core, or laid out for a NIC that encrypts them on their way out.
// Real bytes are really encrypted (OpenSSL). Keys are made up: there is no handshake.
// Left out: TLS 1.2, key updates, padding, records other than application data.
// Sources: RFC 8446, 5.1 to 5.3; RFC 5116, 5.2.
#pragma once

#include <array>
#include <memory>

#include "models/memory/transfer.h"

struct evp_cipher_ctx_st;

namespace copypath {

constexpr Bytes kTlsLargestText{16384};  ///< in a record
constexpr Bytes kTlsHeader{5};
constexpr Bytes kTlsTrailer{1 + 16};  ///< content type and tag
constexpr Bytes kTlsFraming = kTlsHeader + kTlsTrailer;

/// The records of a text that is sent as a whole.
constexpr std::uint64_t tls_records(Bytes text) { return units_covering(text, kTlsLargestText); }
/// What becomes of it on the wire.
constexpr Bytes tls_sealed_size(Bytes text) { return text + kTlsFraming * tls_records(text); }

/// AES-256-GCM for the records of one direction of a connection, of which both sides have the key.
class TlsCipher {
public:
  using Header = std::array<std::uint8_t, kTlsHeader.count()>;
  using Tag = std::array<std::uint8_t, kTlsTrailer.count() - 1>;

  TlsCipher(std::uint32_t connection, bool encrypts);

  /// The header of a record with `text` bytes, content type and tag not counted.
  static Header header(std::uint64_t text);
  /// The text of a record with that header.
  static std::uint64_t text_of(const Header& header);

  void begin(std::uint64_t record, const Header& header);
  /// In as many pieces as it takes: the text, then its type.
  void update(const std::uint8_t* in, std::size_t n, std::uint8_t* out);
  Tag tag();                    ///< ends a record that is encrypted
  bool verify(const Tag& tag);  ///< ends a record that is decrypted

  static constexpr std::uint8_t kApplicationData = 23;

private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
  bool encrypts_;
  std::array<std::uint8_t, 12> nonce_{};  // of record 0
};

/// A side's state of a connection. As a transform it makes whole records out of text: the last one
/// of each pass is as short as it has to be.
class TlsWriter : public Transform {
public:
  enum class Mode { kEncrypt, kLayOut };  ///< here, or in the NIC

  TlsWriter(std::uint32_t connection, Mode mode)
      : cipher_(connection, true), encrypts_(mode == Mode::kEncrypt) {}

  void apply(const Content& text, Content& records) override;

  /// The framing of the next record, laid out for the NIC: header, then trailer.
  void lay_out(Bytes text, Data data, Content& framing);

private:
  void apply_tags(const Content& text, Content& records);
  void apply_bytes(const Content& text, Content& records);
  Run framing(Bytes text, Bytes offset, Bytes bytes) const;

  TlsCipher cipher_;
  bool encrypts_;
  std::uint64_t next_ = 0;  // record
};

}  // namespace copypath
