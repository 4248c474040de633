// A client's side of TLS: takes records apart, in order, and lets nothing pass that is not
// encrypted and authentic. The text of a record is delivered when all of it has arrived, tag
// included. With real bytes, records are decrypted and their tags verified (OpenSSL).
#pragma once

#include <vector>

#include "models/nic/tls_record.h"
#include "models/workload/decoder.h"

namespace copypath {

class TlsReader : public Decoder {
public:
  explicit TlsReader(std::uint32_t connection) : cipher_(connection, false) {}

  bool decode(const Content& stream, Content& file) override;

private:
  bool take(Run& run, Content& file);
  bool take_bytes(const std::uint8_t* in, std::size_t left, Content& file);
  bool open_record(Content& file);

  TlsCipher cipher_;
  std::uint64_t next_ = 0;  // record
  std::uint64_t at_ = 0;    // in the record
  std::uint64_t text_ = 0;  // of the record, known from its header on
  Content runs_;            // its text so far
  std::vector<std::uint8_t> record_;
};

}  // namespace copypath
