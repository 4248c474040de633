// Linux's readahead window: which pages to read when a page is missing, and when the reader meets
// the page that was marked to keep the window ahead of it. Plain C++; follows ondemand_readahead()
// of mm/readahead.c (Linux 5.10 to 6.8) line by line.
// Left out: windows larger than the maximum for large requests (bdi->io_pages), interleaved streams
// that left traces in the cache (try_context_readahead), large folios.
#pragma once

#include <cstdint>
#include <optional>

namespace copypath {

/// Pages [start, start + size) are to be read; the page `async_size` before the end is marked, and
/// meeting it starts the next window.
struct ReadaheadWindow {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  std::uint64_t async_size = 0;
};

class Readahead {
public:
  /// `max_pages`: the largest window (read_ahead_kb / 4); 0 reads only what is asked for.
  explicit Readahead(std::uint64_t max_pages) : max_(max_pages) {}

  /// Page `index` is not in the cache and `request` pages from it are wanted.
  ReadaheadWindow on_miss(std::uint64_t index, std::uint64_t request);

  /// Page `index` carries the mark. `next_missing` is the first page after it that is not in the
  /// cache. Nothing if there is no need to read.
  std::optional<ReadaheadWindow> on_mark(std::uint64_t index, std::uint64_t request,
                                         std::uint64_t next_missing);

  /// Page `index` of a mapped file is touched and is not in the cache: a window around it
  /// (do_sync_mmap_readahead()).
  ReadaheadWindow around(std::uint64_t index);

  std::uint64_t max_pages() const { return max_; }

  /// The last page that was read so far; tells sequential from random access.
  void remember(std::uint64_t index) { previous_ = index; }

  static std::uint64_t first_size(std::uint64_t request, std::uint64_t max);
  static std::uint64_t next_size(std::uint64_t size, std::uint64_t max);

private:
  ReadaheadWindow begin_at(std::uint64_t index, std::uint64_t request);
  ReadaheadWindow continue_from(std::uint64_t index, std::uint64_t start, std::uint64_t size);
  ReadaheadWindow submit(std::uint64_t index);

  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  std::uint64_t max_;
  ReadaheadWindow window_;
  std::uint64_t previous_ = kNone;
};

}  // namespace copypath
