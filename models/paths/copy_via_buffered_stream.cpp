// A buffered stream over read() + write(): what happens when an abstraction puts a buffer of its
// own between the file and the caller. Every byte is copied once more, without leaving user space.
// Streams that pass large requests on to read() (stdio, java.io.BufferedInputStream) do this only
// for requests below the size of their buffer; this one always does.
#include <algorithm>

#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

/// An input stream with a buffer between its caller and the file.
class BufferedStream {
public:
  explicit BufferedStream(Connection& c)
      : c_(c),
        size_(c.config.workload.stream_buffer),
        buffer_(c.user_buffer(1, c.config.workload.stream_buffer)) {}

  /// Copies `wanted` bytes to `to`; fewer only at the end of the file.
  Bytes read(std::uint64_t to, Bytes wanted) {
    Bytes done;
    while (done < wanted && (used_ < filled_ || fill())) {
      const auto n = static_cast<std::uint32_t>(std::min(wanted - done, filled_ - used_).count());
      c_.task.copy(Movement::kCopyInUser, {{buffer_ + used_.count(), n}}, {{to + done.count(), n}},
                   c_.task.costs().copy_rate);
      used_ += Bytes(n);
      done += Bytes(n);
    }
    return done;
  }

private:
  bool fill() {
    if (c_.file.left() == Bytes(0)) return false;
    const SystemCall read(c_.kernel, c_.task, Call::kRead);
    filled_ = vfs_read(c_.task, c_.kernel, c_.file, buffer_, size_);
    used_ = Bytes(0);
    return filled_ > Bytes(0);  // unless EIO
  }

  Connection& c_;
  Bytes size_;
  std::uint64_t buffer_;
  Bytes filled_;
  Bytes used_;
};

void serve(Connection& c) {
  BufferedStream stream(c);
  const std::uint64_t chunk = c.user_buffer();
  for (;;) {
    const Bytes n = stream.read(chunk, c.chunk);
    if (n == Bytes(0)) return;
    const SystemCall write(c.kernel, c.task, Call::kWrite);
    c.socket.send(c.task, {{chunk, static_cast<std::uint32_t>(n.count())}});
  }
}

}  // namespace

const Path kCopyViaBufferedStreamPath{
    "copy_via_buffered_stream",
    "read() into the buffer of a stream, copy to the caller's, write(): two DMA transfers and "
    "three "
    "copies by the CPU",
    {
        {"the caller asks the stream for a chunk", "BufferedInputStream.read",
         "java.io.BufferedInputStream; stdio's fread()"},
        {"the stream's buffer is empty: fill it with read(), as the path read_write (copies 1 and "
         "2)",
         "ksys_read", "fs/read_write.c"},
        {"copy from the stream's buffer to the caller's (copy 3, by the CPU)", "memcpy",
         "user space"},
        {"and so on until the caller has its chunk", "BufferedInputStream.read",
         "java.io.BufferedInputStream"},
        {"write() the chunk, as the path read_write (copies 4 and 5)", "ksys_write",
         "fs/read_write.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile};

}  // namespace copypath
