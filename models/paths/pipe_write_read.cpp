// write() and read(): what every shell pipeline does. The pipe has pages of its own, into which one
// program's bytes are copied, and out of which the other program's are.
#include <algorithm>

#include "models/paths/all_paths.h"
#include "models/workload/connection.h"
#include "models/workload/pipe_reader.h"

namespace copypath {

void read_from_pipe(PipeReader& r) {
  while (!r.pipe.at_end()) {
    Bytes n;
    {
      const SystemCall read(r.kernel, r.task, Call::kRead);
      n = r.pipe.read(r.task, r.buffer, r.config.workload.chunk);  // copy to the caller
    }
    r.got({{r.buffer, static_cast<std::uint32_t>(n.count())}});
  }
}

namespace {

void write_into_pipe(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    const std::uint64_t from = c.user_buffer() + c.file.position.count();
    const SystemCall write(c.kernel, c.task, Call::kWrite);
    c.file.position += c.pipe->write(c.task, from, std::min(c.chunk, c.file.left()));  // copy
  }
}

}  // namespace

const Path kPipeWriteReadPath{
    "pipe_write_read",
    "two programs with a pipe between them, write() and read(): two copies by the CPU",
    {
        {"the one program writes its buffer: one mode switch in", "ksys_write", "fs/read_write.c"},
        {"take the pipe's mutex", "pipe_write", "fs/pipe.c"},
        {"allocate a page for each 4 KiB", "alloc_page", "mm/mempolicy.c"},
        {"copy the buffer into the pages (copy 1, by the CPU)", "copy_page_from_iter",
         "lib/iov_iter.c"},
        {"wake the other program, and sleep while the pipe is full", "pipe_write", "fs/pipe.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the other program reads: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"sleep while the pipe is empty, and take its mutex", "pipe_read", "fs/pipe.c"},
        {"copy the pages into its buffer (copy 2, by the CPU)", "copy_page_to_iter",
         "lib/iov_iter.c"},
        {"release the pages, and wake who waits for room", "pipe_buf_release",
         "include/linux/pipe_fs_i.h"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
    },
    write_into_pipe,
    Transformation::kNone,
    Reads::kAnyFile,
    nullptr,
    Job::kPipe,
    false,
    read_from_pipe};

}  // namespace copypath
