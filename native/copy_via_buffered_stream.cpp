// A buffered stream between the file and the program: read() fills the stream's own
// buffer, from
// which the bytes are copied once more into the buffer that the program sends. Three copies, and
// more system calls than the chunk suggests.
#include <algorithm>
#include <cstring>

#include "native/all_paths.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

class BufferedStream {
public:
  explicit BufferedStream(Connection& c)
      : connection_(c), memory_(c.config.workload.stream_buffer.count()) {}

  /// The next bytes of the request.
  void read(std::uint8_t* to, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes;) {
      if (next_ == end_) fill(connection_.left() - done);
      const std::size_t n = std::min(bytes - done, end_ - next_);
      std::memcpy(to + done, memory_.data() + next_, n);  // copy 2
      next_ += n;
      done += n;
    }
  }

private:
  void fill(std::uint64_t left) {
    Connection& c = connection_;
    next_ = 0;
    end_ = c.calls.read(c.file, memory_.data(),
                        c.read_size(left, c.config.workload.stream_buffer.count()));  // copy 1
  }

  Connection& connection_;
  Buffer memory_;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

void serve(Connection& c) {
  const Buffer buffer(c.chunk);
  BufferedStream stream(c);
  while (c.next_request()) {
    while (c.left() > 0) {
      const std::size_t n = c.next_chunk();
      stream.read(buffer.data(), n);
      c.calls.write_all(c.socket, buffer.data(), n);  // copy 3
      c.position += n;
    }
  }
}

}  // namespace

const Path kCopyViaBufferedStreamPath{
    "copy_via_buffered_stream",
    "read() through a stream with a buffer of its own, write(): three copies", serve};

}  // namespace copypath::native
