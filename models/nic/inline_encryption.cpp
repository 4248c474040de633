#include "models/nic/inline_encryption.h"

#include <algorithm>

namespace copypath {

void InlineEncryption::apply(const Content& packet, Content& out) {
  if (packet.real()) {
    apply_bytes(packet, out);
    return;
  }
  for (Run run : packet.runs()) {
    if (run.form == Form::kPlain) run.form = Form::kEncrypted;
    out.append(run);
  }
}

void InlineEncryption::apply_bytes(const Content& packet, Content& out) {
  constexpr std::size_t kHeader = kTlsHeader.count();
  std::uint8_t next = 0;
  const std::uint8_t* in = packet.bytes().data();
  for (std::size_t left = packet.bytes().size(); left > 0;) {
    std::size_t n = 1;
    if (at_ < kHeader) {  // remembered, and passed on as it is
      header_[at_] = next = *in;
      out.append(&next, 1);
      if (at_ + 1 == kHeader) {
        text_ = TlsCipher::text_of(header_);
        cipher_.begin(record_, header_);
      }
    } else if (at_ < kHeader + text_ + 1) {  // the text and its type
      n = std::min(left, kHeader + text_ + 1 - at_);
      std::vector<std::uint8_t> encrypted(n);
      cipher_.update(in, n, encrypted.data());
      out.append(encrypted.data(), n);
      if (at_ + n == kHeader + text_ + 1) tag_ = cipher_.tag();
    } else {
      out.append(&tag_[at_ - kHeader - text_ - 1], 1);
    }
    at_ += n;
    in += n;
    left -= n;
    if (at_ == kHeader + text_ + kTlsTrailer.count()) {
      at_ = 0;
      ++record_;
    }
  }
}

}  // namespace copypath
