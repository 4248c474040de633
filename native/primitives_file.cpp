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

constexpr std::size_t kKi = 1024;
constexpr std::size_t kHot = 256 * kKi;  // the part of a file that stays in a cache
constexpr std::size_t kPiece = 64 * kKi;
constexpr double kPages = kPiece / kPage;  // of a piece
constexpr std::size_t kPieces = CachedFile::kSize / kPiece;
constexpr std::size_t kLarge = 16 * kPiece;
constexpr std::size_t kSmallCalls = 4096;  // of a page each

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

/// Calls of that size, each with a usual one and a send() of `sent` bytes.
std::function<Batch()> beside(const Receiver& to, std::size_t size, CallAt call, std::size_t sent,
                              CallAt usual) {
  auto buffer = std::make_shared<Buffer>(sent);
  return [=, call = std::move(call), usual = std::move(usual)] {
    const Awake awake(to);
    off_t place = 0;
    off_t usual_place = 0;
    const std::size_t calls = size == kPage ? kSmallCalls : CachedFile::kSize / size;
    const auto others = [&] {
      usual(usual_place);
      to->take(*buffer, sent);
      usual_place += static_cast<off_t>(sent);
    };
    return seconds_beside(
        *to, calls, packets_of(sent),
        [&] {
          call(place);
          place += static_cast<off_t>(size);
          others();
        },
        others);
  };
}

/// Calls of that size, with a send() of as many bytes each to a receiver that is awake: on a path,
/// too, the kernel's network has just been at work, and has left the processor's caches and
/// predictions to that. Alone, over and over, a call takes a third less.
std::function<Batch()> with_a_send(const Receiver& to, std::size_t size, CallAt call) {
  return beside(to, size, std::move(call), size, [](off_t) {});
}

/// Calls of that size, in turns with others instead of them, each with a send() of as many bytes.
std::function<Batch()> instead_of(const Receiver& to, std::size_t size, CallAt other, CallAt call) {
  auto buffer = std::make_shared<Buffer>(size);
  return [=, other = std::move(other), call = std::move(call)] {
    const Awake awake(to);
    const auto with_send = [&](const CallAt& one) {
      return [&, at = off_t{0}]() mutable {
        one(at);
        to->take(*buffer, size);
        at += static_cast<off_t>(size);
      };
    };
    return seconds_beside(*to, CachedFile::kSize / size, packets_of(size), with_send(call),
                          with_send(other));
  };
}

CallAt read_through(const File& file, std::size_t size) {
  return read_from(file, size, CachedFile::kSize);
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
SecondsPer referring(const File& file) {
  auto at = std::make_shared<off_t>(0);
  return [=, call = sendfile_to_null(file, kPiece)](std::size_t times) {
    const double seconds = cpu_seconds([&] {
      for (std::size_t i = 0; i < times; ++i) {
        call(*at);
        *at = (*at + static_cast<off_t>(kPiece)) % static_cast<off_t>(CachedFile::kSize);
      }
    });
    return seconds / static_cast<double>(times);
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

std::function<Batch()> with_a_read_and_send(const Receiver& to, const File& file, std::size_t size,
                                            CallAt call) {
  return beside(to, size, std::move(call), kPage, read_from(file, kPage, kHot));
}

std::vector<Primitive> file_primitives(const Receiver& to, const CachedFiles& files) {
  return {
      {"read_4k", "call",
       "pread() of 4 KiB from 256 KiB of the page cache and a send() of 4 KiB, less that send",
       with_a_send(to, kPage, read_from(files.small, kPage, kHot)), 1, Counts::kShare},
      {"read_64k", "page",
       "pread() of 64 KiB on and on through 64 MiB of the page cache in large folios and a send() "
       "of 64 KiB, less that send",
       with_a_send(to, kPiece, read_through(files.large, kPiece)), kPages},
      {"read_folios", "page", "the same, of pages that are a folio each, less of large folios",
       instead_of(to, kPiece, read_through(files.large, kPiece), read_through(files.small, kPiece)),
       kPages, Counts::kShare},
      {"read_1m", "call", "as read_64k, of 1 MiB at once and with a send() of 1 MiB",
       with_a_send(to, kLarge, read_through(files.large, kLarge))},
      {"refer", "page", "sendfile() of 64 KiB on and on to /dev/null, of large folios",
       [refer = referring(files.large)] { return refer(kPieces); }, kPages},
      {"refer_folios", "page", "the same, of pages that are a folio each, less of large folios",
       [small = referring(files.small), large = referring(files.large)] {
         return in_turns(kPieces, small, large);
       },
       kPages, Counts::kShare},
      {"refer_4k_large_folios", "page",
       "sendfile() of 4 KiB to /dev/null and a send() of 4 KiB, less that send",
       with_a_send(to, kPage, sendfile_to_null(files.large, kPage)), 1, Counts::kShare},
      {"splice_4k_large_folios", "page",
       "splice() of 4 KiB into a pipe, splice() to /dev/null and a send() of 4 KiB, less that send",
       splicing(to, files.large), 1, Counts::kShare},
      {"pin_4k", "page",
       "vmsplice() of a page of the program into a pipe, splice() to /dev/null, and a pread() and "
       "a send() of 4 KiB, less those",
       pinning(to, files.small, kPage), 1, Counts::kShare},
      {"pin", "page", "the same, but vmsplice() of 64 KiB", pinning(to, files.small, kPiece),
       kPages, Counts::kShare},
      {"ioctl_outq", "call",
       "ioctl(SIOCOUTQ) of a socket, and a pread() and a send() of 4 KiB, less those",
       asking(to, files.small), 1, Counts::kShare}};
}

}  // namespace copypath::native
