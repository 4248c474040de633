#include "native/decoder.h"

#include <zlib.h>

#include <array>
#include <new>
#include <stdexcept>
#include <vector>

#include "native/tls_record.h"

namespace copypath::native {

namespace {

class Plain : public Decoder {
public:
  void feed(const std::uint8_t* bytes, std::size_t count, const Output& output) override {
    output(bytes, count);
  }
};

class OpenTls : public Decoder {
public:
  void feed(const std::uint8_t* bytes, std::size_t count, const Output& output) override {
    pending_.insert(pending_.end(), bytes, bytes + count);
    std::size_t at = 0;
    while (pending_.size() - at >= kTlsHeader) {
      const std::size_t size = TlsRecords::size_of(pending_.data() + at);
      if (pending_.size() - at < size) break;
      output(payload_.data(), records_.open(pending_.data() + at, size, payload_.data()));
      at += size;
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(at));
  }

private:
  TlsRecords records_{TlsRecords::Use::kOpen};
  std::vector<std::uint8_t> pending_;  ///< the beginning of a record
  std::array<std::uint8_t, kTlsPayload> payload_;
};

class Inflate : public Decoder {
public:
  Inflate() {
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  ~Inflate() override { inflateEnd(&stream_); }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  void feed(const std::uint8_t* bytes, std::size_t count, const Output& output) override {
    stream_.next_in = const_cast<std::uint8_t*>(bytes);
    stream_.avail_in = static_cast<uInt>(count);
    do {
      stream_.next_out = inflated_.data();
      stream_.avail_out = static_cast<uInt>(inflated_.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        throw std::runtime_error("what was received cannot be inflated");
      }
      output(inflated_.data(), inflated_.size() - stream_.avail_out);
      if (result == Z_STREAM_END) inflateReset(&stream_);  // the next request is a new stream
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
  }

private:
  z_stream stream_{};
  std::array<std::uint8_t, 65536> inflated_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(Encoding encoding) {
  switch (encoding) {
    case Encoding::kTls:
    case Encoding::kKernelTls:
      return std::make_unique<OpenTls>();
    case Encoding::kDeflate:
      return std::make_unique<Inflate>();
    case Encoding::kPlain:
      break;
  }
  return std::make_unique<Plain>();
}

}  // namespace copypath::native
