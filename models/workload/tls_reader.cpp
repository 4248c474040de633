#include "models/workload/tls_reader.h"

#include <algorithm>

namespace copypath {

namespace {

constexpr std::uint64_t kHeader = kTlsHeader.count();
constexpr std::uint64_t kFraming = kTlsFraming.count();

bool is_length(std::uint64_t text) { return text > 0 && text <= kTlsLargestText.count(); }

}  // namespace

bool TlsReader::decode(const Content& stream, Content& file) {
  if (stream.real()) return take_bytes(stream.bytes().data(), stream.bytes().size(), file);
  for (Run run : stream.runs()) {
    while (run.bytes > 0) {
      if (!take(run, file)) return false;
    }
  }
  return true;
}

/// Takes the beginning of a run: as far as it belongs to one part of the record.
bool TlsReader::take(Run& run, Content& file) {
  const bool in_header = at_ < kHeader;
  const bool in_text = !in_header && at_ < kHeader + text_;
  std::uint64_t part = std::min(run.bytes, kHeader - at_);
  if (in_text) {
    if (run.form != Form::kEncrypted) return false;
    part = std::min(run.bytes, kHeader + text_ - at_);
    runs_.append({run.file, run.version, run.offset, part});
  } else {
    if (at_ == 0) text_ = run.version;
    if (!in_header) part = std::min(run.bytes, text_ + kFraming - at_);
    const std::uint64_t offset = in_header ? at_ : at_ - text_;
    if (run.form != Form::kFraming || run.file != next_ % (1U << 31) || run.version != text_ ||
        run.offset != offset || !is_length(text_)) {
      return false;
    }
  }
  at_ += part;
  run.offset += part;
  run.bytes -= part;
  if (at_ == text_ + kFraming) {
    for (const Run& text : runs_.runs()) file.append(text);
    runs_.clear();
    at_ = 0;
    ++next_;
  }
  return true;
}

bool TlsReader::take_bytes(const std::uint8_t* in, std::size_t left, Content& file) {
  while (left > 0) {
    std::uint64_t wanted = kHeader;
    if (record_.size() >= kHeader) wanted = kFraming + text_;
    const std::size_t n = std::min<std::size_t>(left, wanted - record_.size());
    record_.insert(record_.end(), in, in + n);
    in += n;
    left -= n;
    if (record_.size() == kHeader) {
      TlsCipher::Header header;
      std::copy_n(record_.begin(), kHeader, header.begin());
      text_ = TlsCipher::text_of(header);
      if (!is_length(text_) || header != TlsCipher::header(text_)) return false;
    } else if (record_.size() == kFraming + text_) {
      if (!open_record(file)) return false;
      record_.clear();
      ++next_;
    }
  }
  return true;
}

/// A whole record: decrypts and verifies it.
bool TlsReader::open_record(Content& file) {
  TlsCipher::Header header;
  TlsCipher::Tag tag;
  std::copy_n(record_.begin(), header.size(), header.begin());
  std::copy_n(record_.end() - static_cast<std::ptrdiff_t>(tag.size()), tag.size(), tag.begin());
  std::vector<std::uint8_t> text(text_ + 1);
  cipher_.begin(next_, header);
  cipher_.update(record_.data() + kHeader, text.size(), text.data());
  if (!cipher_.verify(tag) || text.back() != TlsCipher::kApplicationData) return false;
  file.append(text.data(), text_);
  return true;
}

}  // namespace copypath
