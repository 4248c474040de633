// What read() and splice() do with a file, according to how it was opened: through the page cache,
// with O_DIRECT past it, or in persistent memory (DAX), where there is nothing to read ahead and
// nothing to refer to. Follows vfs_read(), vfs_splice_read() and copy_splice_read() of Linux 6.5
// and later; earlier kernels do the same by other functions. Left out: writing, and a DAX file that
// is mapped.
#pragma once

#include "models/kernel/file_read.h"
#include "models/kernel/kernel.h"

namespace copypath {

/// Up to `wanted` bytes from the file's position into `buffer`, and advances the position. Returns
/// how many; fewer only at the end of the file.
Bytes vfs_read(Task& task, Kernel& kernel, OpenFile& file, std::uint64_t buffer, Bytes wanted);

/// Up to `wanted` bytes from the file's position into a pipe with room for `room` bytes of pages,
/// one page per buffer, and advances the position: references to pages of the page cache, or pages
/// of the pipe's own that the file was read into. Fewer only at the end of the file or of the pipe.
FragmentList vfs_splice_read(Task& task, Kernel& kernel, OpenFile& file, Bytes wanted, Bytes room);

}  // namespace copypath
