// vmsplice() and splice(): the pipe refers to the one program's own pages, and the other end hands
// the references on, here to /dev/null. Nothing is copied, and the program must not change what it
// has written before the other end is through with it.
#include <algorithm>

#include "models/paths/all_paths.h"
#include "models/workload/connection.h"
#include "models/workload/pipe_reader.h"

namespace copypath {

void vmsplice_into_pipe(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    const std::uint64_t from = c.user_buffer() + c.file.position.count();
    const SystemCall vmsplice(c.kernel, c.task, Call::kVmsplice);
    c.file.position += c.pipe->vmsplice(c.task, from, std::min(c.chunk, c.file.left()),
                                        c.config.workload.huge_pages);  // by reference
  }
}

namespace {

void splice_from_pipe(PipeReader& r) {
  SegmentList taken;
  while (!r.pipe.at_end()) {
    {
      const SystemCall splice(r.kernel, r.task, Call::kSplice);
      r.pipe.splice_away(r.task, r.config.workload.chunk, taken);
    }
    r.got(taken);
  }
}

}  // namespace

const Path kPipeVmspliceSplicePath{
    "pipe_vmsplice_splice",
    "two programs with a pipe between them, vmsplice() and splice(): nothing is copied",
    {
        {"the one program passes its buffer: one mode switch in", "do_vmsplice", "fs/splice.c"},
        {"take the pipe's mutex, and sleep while the pipe is full", "wait_for_space",
         "fs/splice.c"},
        {"find and pin its pages, 16 at a time", "iov_iter_get_pages2", "lib/iov_iter.c"},
        {"put references to them into the pipe", "add_to_pipe", "fs/splice.c"},
        {"wake the other program", "wakeup_pipe_readers", "fs/splice.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the other program splices from the pipe: one mode switch in", "do_splice", "fs/splice.c"},
        {"sleep while the pipe is empty", "splice_from_pipe_next", "fs/splice.c"},
        {"hand on each page, and release it", "splice_from_pipe_feed", "fs/splice.c"},
        {"wake who waits for room", "wakeup_pipe_writers", "fs/splice.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
    },
    vmsplice_into_pipe,
    Transformation::kNone,
    Reads::kAnyFile,
    nullptr,
    Job::kPipe,
    false,
    splice_from_pipe};

}  // namespace copypath
