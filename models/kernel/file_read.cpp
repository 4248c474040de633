#include "models/kernel/file_read.h"

#include <algorithm>

namespace copypath {

Bytes filemap_read(Task& task, PageCache& page_cache, OpenFile& file, std::uint64_t buffer,
                   Bytes wanted) {
  wanted = std::min(wanted, file.left());
  Bytes done;
  SegmentList pages;
  while (done < wanted) {
    pages.clear();
    page_cache.get_runs(task, file, wanted - done, pages);
    if (pages.empty()) {  // short, or EIO
      file.failed = done == Bytes(0);
      break;
    }
    page_cache.spend_on_folios(task, pages);
    const Bytes bytes = size_of(pages);
    unsigned count = 0;
    for (const Segment& run : pages) count += pages_of(run);
    task.spend(task.costs().read_page * static_cast<double>(count));
    const Rate limit = task.costs().copy_rate_of(std::min(bytes, page_cache.folio()));
    const SegmentList to{{buffer + done.count(), static_cast<std::uint32_t>(bytes.count())}};
    task.copy(Movement::kCopyToUser, pages, to, limit);
    for (const Segment& page : pages) page_cache.put_pages(page);
    file.position += bytes;
    done += bytes;
  }
  return done;
}

namespace {

/// The largest request of direct I/O (BIO_MAX_VECS pages).
constexpr Bytes kLargestBio = kPageSize * 256;

/// Counts the requests of one read that are under way.
struct DirectRead : BlockRequest {
  void finished() override {
    if (--pending == 0) waiters.wake_all();
  }

  unsigned pending = 0;
  WaitQueue waiters{"wait disk"};
};

}  // namespace

unsigned submit_direct_read(Task& task, BlockLayer& block, std::uint32_t file, Bytes position,
                            const SegmentList& to, BlockRequest& request, Movement movement) {
  const Bytes wanted = size_of(to);
  const std::uint64_t requests = units_covering(wanted, kLargestBio);
  task.spend(task.costs().disk_request * static_cast<double>(requests));
  task.spend(task.costs().disk_page * static_cast<double>(units_covering(wanted, kPageSize)));
  task.settle();
  for (Bytes done; done < wanted; done += kLargestBio) {
    const Bytes bytes = std::min(kLargestBio, wanted - done);
    SegmentList pages;
    for (Segment piece : slice(to, done, bytes)) {
      while (piece.bytes > 0) {  // a page after the other
        const auto n =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(piece.bytes, kPageSize.count()));
        pages.push_back({piece.address, n});
        piece.address += n;
        piece.bytes -= n;
      }
    }
    block.read(file, (position + done).count(), std::move(pages), request, movement);
  }
  return static_cast<unsigned>(requests);
}

Bytes direct_read(Task& task, BlockLayer& block, OpenFile& file, const SegmentList& to,
                  Movement movement) {
  const Bytes wanted = std::min(size_of(to), file.left());
  task.spend(task.costs().pin_page * static_cast<double>(units_covering(wanted, kPageSize)));
  task.spend(task.costs().disk_wait);
  DirectRead read;
  read.pending = submit_direct_read(task, block, file.number, file.position, first(to, wanted),
                                    read, movement);
  task.wait_until(read.waiters, [&] { return read.pending == 0; });
  task.core().cool();
  file.failed = read.failed;
  if (read.failed) return Bytes(0);  // whatever has come
  file.position += wanted;
  return wanted;
}

FragmentList filemap_splice_read(Task& task, PageCache& page_cache, OpenFile& file, Bytes wanted,
                                 Bytes room) {
  // A page that is entered in the middle still takes a whole pipe buffer.
  room -= file.position % kPageSize;
  wanted = std::min({wanted, room, file.left()});
  FragmentList pipe;
  SegmentList runs;
  for (Bytes done; done < wanted;) {
    runs.clear();
    page_cache.get_runs(task, file, wanted - done, runs);
    if (runs.empty()) {  // short, or EIO
      file.failed = done == Bytes(0);
      break;
    }
    unsigned buffers = 0;
    for (const Segment& run : runs) {  // a buffer of the pipe for each page
      pipe.push_back({run, Place::kPageCache});
      buffers += pipe.back().count();
    }
    task.spend(task.costs().splice_page * static_cast<double>(buffers));
    const Bytes bytes = size_of(runs);
    file.position += bytes;
    done += bytes;
  }
  return pipe;
}

}  // namespace copypath
