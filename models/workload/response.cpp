#include "models/workload/response.h"

#include "models/paths/all_paths.h"

namespace copypath {

namespace {

// Numbers of the server's buffers: 0 and 1 are the path's.
constexpr std::size_t kHeader = 2;
constexpr std::size_t kSealedHeader = 3;

bool corks(const ResponseHeader& header, const Path& path) {
  return header.cork && path.by_sendfile && path.transform == Transformation::kNone;
}

void set_cork(Connection& c) { const SystemCall setsockopt(c.kernel, c.task, Call::kSetsockopt); }

SegmentList write_header(Connection& c, Bytes size) {
  SegmentList header{{c.user_buffer(kHeader, size), static_cast<std::uint32_t>(size.count())}};
  Content content;
  c.kernel.media.read(header_file(c.kernel.media), 0, size, content);
  c.task.pass(
      {Movement::kResponseHeader, nullptr, &header, c.task.costs().copy_rate, nullptr, &content});
  return header;
}

void send_header(Connection& c, const Path& path, const SegmentList& header, bool more) {
  const bool in_library = &path == &kUserTlsPath;
  if (path.transform == Transformation::kTls && !in_library) {
    TlsSocket& tls = c.kernel_tls();
    const SystemCall writev(c.kernel, c.task, Call::kWritev);
    return tls.send(c.task, header);
  }
  SegmentList bytes = header;
  if (in_library) {
    const Bytes room = tls_sealed_size(size_of(header));
    const SegmentList output{
        {c.user_buffer(kSealedHeader, room), static_cast<std::uint32_t>(room.count())}};
    const Bytes sealed = c.task.pass(
        {Movement::kEncryptUser, &header, &output, c.task.costs().crypto_rate, &c.user_tls()});
    bytes = first(output, sealed);
  }
  const SystemCall writev(c.kernel, c.task, Call::kWritev);
  c.socket.send(c.task, bytes, Movement::kCopyFromUser, more);
}

}  // namespace

void begin_response(Connection& c, const Path& path, const ResponseHeader& header) {
  const SegmentList bytes = write_header(c, header.size);
  const bool more = corks(header, path);
  if (more) set_cork(c);
  send_header(c, path, bytes, more);
}

void end_response(Connection& c, const Path& path, const ResponseHeader& header) {
  if (corks(header, path)) set_cork(c);  // off
}

}  // namespace copypath
