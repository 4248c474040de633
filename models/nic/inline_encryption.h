// The NIC's engine that encrypts TLS records on their way out (kTLS device offload, as of mlx5): it
// follows the records of a connection through its packets, encrypts what lies between header and
// trailer, and puts the tag where the kernel has left room for it. No core sees the bytes.
// A packet that is sent again gets a context of its own, which begins with its record; a real NIC
// takes up the stream behind it with one more such detour. Left out: the time that encryption
// takes, which is hidden behind the wire. Sources: Documentation/networking/tls-offload.rst.
#pragma once

#include "models/nic/tls_record.h"

namespace copypath {

class InlineEncryption {
public:
  /// Begins with the record of that number.
  explicit InlineEncryption(std::uint32_t connection, std::uint64_t record = 0)
      : cipher_(connection, true), record_(record) {}

  /// Appends what becomes of the next packet of the connection to `out`.
  void apply(const Content& packet, Content& out);

private:
  void apply_bytes(const Content& packet, Content& out);

  TlsCipher cipher_;
  std::uint64_t record_;  // number
  std::size_t at_ = 0;    // in the record
  std::size_t text_ = 0;  // of the record, known behind its header
  TlsCipher::Header header_{};
  TlsCipher::Tag tag_{};
};

}  // namespace copypath
