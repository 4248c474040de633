// The NIC's engine that encrypts TLS records on their way out (kTLS device offload, as of mlx5): it
// follows the records of a connection through its packets, encrypts what lies between header and
// trailer, and puts the tag where the kernel has left room for it. No core sees the bytes.
// Left out: packets sent again, for which a real NIC fetches the record once more; the time that
// encryption takes, which is hidden behind the wire.
// Sources: Documentation/networking/tls-offload.rst.
#pragma once

#include "models/nic/tls_record.h"

namespace copypath {

class InlineEncryption {
public:
  explicit InlineEncryption(std::uint32_t connection) : cipher_(connection, true) {}

  /// Appends what becomes of the next packet of the connection to `out`.
  void apply(const Content& packet, Content& out);

private:
  void apply_bytes(const Content& packet, Content& out);

  TlsCipher cipher_;
  std::uint64_t record_ = 0;  // number
  std::size_t at_ = 0;        // in the record
  std::size_t text_ = 0;      // of the record, known behind its header
  TlsCipher::Header header_{};
  TlsCipher::Tag tag_{};
};

}  // namespace copypath
