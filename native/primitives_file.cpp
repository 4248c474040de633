// Primitives of the page cache: reading from it, referring to its pages, and pinning pages of a
// program. Calls are measured between sends, as paths make them, where a path copies.
#include <fcntl.h>
#include <linux/sockios.h>  // SIOCOUTQ
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "native/cached_file.h"
#include "native/calls.h"
#include "native/connection.h"
#include "native/primitives.h"

namespace copypath::native {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kKi = 1024;
constexpr std::size_t kHot = 256 * kKi;  // the part of a file that stays in a cache
constexpr std::size_t kPiece = 64 * kKi;
constexpr double kPages = kPiece / kPage;  // of a piece
constexpr std::size_t kPieces = CachedFile::kSize / kPiece;
constexpr std::size_t kSmallCalls = 16384;  // of a page each

/// pread() from the first `within` bytes, over and over.
CallAt read_from(const File& file, std::size_t size, std::size_t within) {
  auto into = std::make_shared<Buffer>(size);
  return [=](off_t at) {
    const auto from = static_cast<std::size_t>(at) % within;
    if (pread(file->descriptor, into->data(), size, static_cast<off_t>(from)) < 0) {
      throw Unsupported(with_reason("pread()"));
    }
  };
}

std::function<Batch()> reading(const Receiver& to, const File& file, std::size_t size,
                               std::size_t within) {
  return with_a_send(to, size, read_from(file, size, within));
}

CallAt sendfile_to_null(const File& file, std::size_t size) {
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return [=](off_t at) {
    if (sendfile(*null, file->descriptor, &at, size) < 0) {
      throw Unsupported(with_reason("sendfile()"));
    }
  };
}

/// Seconds per call of sendfile(64 KiB) to /dev/null, on and on. Without a send between: its copy
/// would take the cache from what refers to pages, where a path that does has none.
std::function<double()> referring(const File& file) {
  return [call = sendfile_to_null(file, kPiece)] {
    const double seconds = cpu_seconds([&] {
      for (std::size_t i = 0; i < kPieces; ++i) call(static_cast<off_t>(i * kPiece));
    });
    return seconds / static_cast<double>(kPieces);
  };
}

/// splice() of a page into a pipe and splice() to /dev/null.
std::function<Batch()> splicing(const Receiver& to, const File& file) {
  auto pipe = std::make_shared<Pipe>(kPiece);
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return with_a_send(to, kPage, [=](off_t at) {
    loff_t from = at;
    if (splice(file->descriptor, &from, pipe->in, nullptr, kPage, 0) < 0 ||
        splice(pipe->out, nullptr, *null, nullptr, kPage, 0) < 0) {
      throw Unsupported(with_reason("splice()"));
    }
  });
}

/// vmsplice() of a hot buffer of that size and splice() to /dev/null.
std::function<Batch()> pinning(const Receiver& to, const File& file, std::size_t size) {
  auto pipe = std::make_shared<Pipe>(kPiece);
  auto buffer = std::make_shared<Buffer>(size);
  auto null = std::make_shared<Descriptor>(open("/dev/null", O_WRONLY | O_CLOEXEC));
  return with_a_read_and_send(to, file, size, [=](off_t) {
    iovec pages{buffer->data(), size};
    if (vmsplice(pipe->in, &pages, 1, 0) < 0) throw Unsupported(with_reason("vmsplice()"));
    if (splice(pipe->out, nullptr, *null, nullptr, size, 0) < 0) {
      throw Unsupported(with_reason("splice()"));
    }
  });
}

/// ioctl() of the receiver's socket.
std::function<Batch()> asking(const Receiver& to, const File& file) {
  return with_a_read_and_send(to, file, kPage, [=](off_t) {
    int queued = 0;
    if (ioctl(to->socket(), SIOCOUTQ, &queued) != 0) throw Unsupported(with_reason("ioctl()"));
  });
}

}  // namespace

std::function<Batch()> with_a_send(const Receiver& to, std::size_t size, CallAt call,
                                   CallAt usual) {
  auto sent = std::make_shared<Buffer>(size);
  return [=, call = std::move(call), usual = std::move(usual)] {
    const Awake awake(to);
    const auto step = static_cast<off_t>(size);
    off_t place = 0;
    off_t usual_place = 0;
    const std::size_t calls = size == kPage ? kSmallCalls : CachedFile::kSize / size;
    const auto others = [&] {
      usual(usual_place);
      to->take(*sent, size);
      usual_place += step;
    };
    return seconds_beside(
        *to, calls, packets_of(size),
        [&] {
          call(place);
          place += step;
          others();
        },
        others);
  };
}

std::function<Batch()> with_a_read_and_send(const Receiver& to, const File& file, std::size_t size,
                                            CallAt call) {
  return with_a_send(to, size, std::move(call), read_from(file, size, kHot));
}

std::vector<Primitive> file_primitives(const Receiver& to, const CachedFiles& files) {
  return {
      {"read_4k", "call",
       "pread() of 4 KiB from 256 KiB of the page cache and a send() of 4 KiB, less that send",
       reading(to, files.small, kPage, kHot)},
      {"read_through", "page", "the same of 64 KiB, on and on through 256 MiB of the page cache",
       reading(to, files.small, kPiece, CachedFile::kSize), kPages},
      {"read_through_large_folios", "page", "the same, of a file in large folios",
       reading(to, files.large, kPiece, CachedFile::kSize), kPages},
      {"read_1m_through_large_folios", "call", "the same of 1 MiB at once",
       reading(to, files.large, 16 * kPiece, CachedFile::kSize)},
      {"refer", "page", "sendfile() of 64 KiB on and on to /dev/null", referring(files.small),
       kPages},
      {"refer_large_folios", "page", "the same, of a file in large folios", referring(files.large),
       kPages},
      {"refer_4k_large_folios", "page",
       "sendfile() of 4 KiB to /dev/null and a send() of 4 KiB, less that send",
       with_a_send(to, kPage, sendfile_to_null(files.large, kPage))},
      {"splice_4k_large_folios", "page",
       "splice() of 4 KiB into a pipe, splice() to /dev/null and a send() of 4 KiB, less that send",
       splicing(to, files.large)},
      {"pin_4k", "page",
       "vmsplice() of a page of the program into a pipe, splice() to /dev/null and a pread() and a "
       "send() of 4 KiB, less those",
       pinning(to, files.small, kPage)},
      {"pin", "page", "the same of 64 KiB", pinning(to, files.small, kPiece), kPages},
      {"ioctl_outq", "call",
       "ioctl(SIOCOUTQ) of a socket and a pread() and a send() of 4 KiB, less those",
       asking(to, files.small)}};
}

}  // namespace copypath::native
