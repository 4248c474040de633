// read(), deflate, write(): the CPU reads every byte of the file and writes fewer, if it can be
// compressed. A stream per request, flushed with every chunk, as a web server does it.
#include <zlib.h>

#include <new>

#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

constexpr int kFastest = 1;  // what nginx has as gzip_comp_level

class Deflater {
public:
  Deflater() {
    if (deflateInit(&stream_, kFastest) != Z_OK) throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void restart() { deflateReset(&stream_); }

  /// Room for whatever becomes of so many bytes, with the mark of a flush.
  std::size_t bound(std::size_t bytes) { return deflateBound(&stream_, bytes) + 64; }

  std::size_t deflate_to(std::uint8_t* from, std::size_t bytes, bool last, const Buffer& to) {
    stream_.next_in = from;
    stream_.avail_in = static_cast<uInt>(bytes);
    stream_.next_out = to.data();
    stream_.avail_out = static_cast<uInt>(to.size());
    deflate(&stream_, last ? Z_FINISH : Z_SYNC_FLUSH);
    return to.size() - stream_.avail_out;
  }

private:
  z_stream stream_{};
};

void serve(Connection& c) {
  Deflater deflater;
  const Buffer buffer(c.chunk);
  const Buffer deflated(deflater.bound(c.chunk));
  while (c.next_request()) {
    deflater.restart();
    while (c.left() > 0) {
      const std::size_t n = c.calls.read(c.file, buffer.data(), c.next_read());  // copy 1
      c.position += n;
      const std::size_t m = deflater.deflate_to(buffer.data(), n, c.left() == 0, deflated);
      c.calls.write_all(c.socket, deflated.data(), m);  // copy 2, of fewer bytes
    }
  }
}

}  // namespace

const Path kCompressWritePath{"compress_write", "read(), deflate by zlib at level 1, write()",
                              serve, Source::kFile, Encoding::kDeflate};

}  // namespace copypath::native
