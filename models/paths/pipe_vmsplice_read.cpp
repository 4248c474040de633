// vmsplice() and read(): the pipe refers to the one program's own pages, and the other program
// copies out of them. For one that has to look at the bytes, this is as near as it gets.
#include "models/paths/all_paths.h"

namespace copypath {

const Path kPipeVmspliceReadPath{
    "pipe_vmsplice_read",
    "two programs with a pipe between them, vmsplice() and read(): one copy by the CPU",
    {
        {"the one program passes its buffer: one mode switch in", "do_vmsplice", "fs/splice.c"},
        {"take the pipe's mutex, and sleep while the pipe is full", "wait_for_space",
         "fs/splice.c"},
        {"find and pin its pages, 16 at a time", "iov_iter_get_pages2", "lib/iov_iter.c"},
        {"put references to them into the pipe", "add_to_pipe", "fs/splice.c"},
        {"wake the other program", "wakeup_pipe_readers", "fs/splice.c"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
        {"the other program reads: one mode switch in", "ksys_read", "fs/read_write.c"},
        {"sleep while the pipe is empty, and take its mutex", "pipe_read", "fs/pipe.c"},
        {"copy the pages into its buffer (copy 1, by the CPU)", "copy_page_to_iter",
         "lib/iov_iter.c"},
        {"release the pages, and wake who waits for room", "pipe_buf_release",
         "include/linux/pipe_fs_i.h"},
        {"return to the program: one mode switch out", "syscall_exit_to_user_mode",
         "kernel/entry/common.c"},
    },
    vmsplice_into_pipe,
    Transformation::kNone,
    Reads::kAnyFile,
    nullptr,
    Job::kPipe,
    false,
    read_from_pipe};

}  // namespace copypath
