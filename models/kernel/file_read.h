// The two ways in which the kernel takes bytes out of the page cache for a caller: copied into the
// caller's buffer (read), or as references to the pages themselves (splice, sendfile). Where the
// drive cannot read a page, a call returns what is before it; one that begins there returns
// nothing, and the file has failed (EIO).
#pragma once

#include "models/kernel/page_cache.h"
#include "models/kernel/skb.h"

namespace copypath {

/// filemap_read(): copies up to `wanted` bytes from the file's position to `buffer`, and advances
/// the position. Returns how many; fewer only at the end of the file.
Bytes filemap_read(Task& task, PageCache& page_cache, OpenFile& file, std::uint64_t buffer,
                   Bytes wanted);

/// iomap_dio_rw(): reads from the file's position straight into `to` (O_DIRECT), until it is full,
/// and advances the position. Blocks until the drive has delivered. Returns how many bytes; fewer
/// only at the end of the file. If the drive cannot read any of it, nothing has been read.
Bytes direct_read(Task& task, BlockLayer& block, OpenFile& file, const SegmentList& to,
                  Movement movement);

/// Submits such a read, and returns at once. `request.finished()` is called as often as the return
/// value says: once per request to the drive.
unsigned submit_direct_read(Task& task, BlockLayer& block, std::uint32_t file, Bytes position,
                            const SegmentList& to, BlockRequest& request, Movement movement);

/// The most that fits into the internal pipe of sendfile (16 buffers of a page).
constexpr Bytes kPipeSize = kPageSize * 16;

/// filemap_splice_read(): up to `wanted` bytes from the file's position as references to pages, one
/// buffer each, and advances the position. Fewer only at the end of the file or of the pipe, which
/// has room for `room` bytes of whole pages.
FragmentList filemap_splice_read(Task& task, PageCache& page_cache, OpenFile& file, Bytes wanted,
                                 Bytes room = kPipeSize);

}  // namespace copypath
