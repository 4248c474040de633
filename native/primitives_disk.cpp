// Primitives of io_uring, and of the disk under the folder of the temporary files, past the page
// cache (O_DIRECT).
#include <fcntl.h>
#include <fmt/format.h>
#include <liburing.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "native/calls.h"
#include "native/connection.h"
#include "native/discarder.h"
#include "native/input_files.h"
#include "native/primitives.h"
#include "native/resources.h"

namespace copypath::native {

namespace {

constexpr std::uint64_t kMi = 1024 * 1024;
constexpr std::uint64_t kFile = 256 * kMi;
constexpr std::size_t kBlock = 4096;
constexpr unsigned kDeep = 128;  // requests at a time that keep all channels busy
constexpr unsigned kLarge = 16;  // of a MiB each

// A batch is about as long as a run of a path, and those that are compared are equally long: the
// least of short ones is luckier.
constexpr std::size_t kBlocksPerBatch = 512;
constexpr std::size_t kMebibytesPerBatch = 128;

struct DiskFile {
  explicit DiskFile(const std::string& folder) : buffer(kLarge * kMi) {
    const Descriptor written = nameless_file(folder);
    for (std::uint64_t at = 0; at < kFile; at += kMi) {
      if (pwrite(written, buffer.data(), kMi, static_cast<off_t>(at)) < 0) {
        throw MachineLacks(with_reason("writing a file of 256 MiB"));
      }
    }
    fsync(written);
    const std::string name = fmt::format("/proc/self/fd/{}", int{written});
    file.reset(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
    posix_fadvise(written, 0, 0, POSIX_FADV_DONTNEED);
    if (io_uring_queue_init(kDeep, &ring, 0) != 0) ring.ring_fd = -1;
  }
  ~DiskFile() {
    if (ring.ring_fd >= 0) io_uring_queue_exit(&ring);
  }
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  std::uint64_t anywhere() { return random() % (kFile / kBlock) * kBlock; }

  /// Seconds until `count` reads of `bytes` each, all started at once, are done.
  double read_at_once(unsigned count, std::size_t bytes, bool sequential) {
    if (file < 0) throw Unsupported("the file system has no O_DIRECT");
    if (ring.ring_fd < 0) throw Unsupported("the kernel has no io_uring");
    const double start = monotonic_seconds();
    for (unsigned i = 0; i < count; ++i) {
      io_uring_sqe* const entry = io_uring_get_sqe(&ring);
      const std::uint64_t position = sequential ? next : anywhere();
      next = (next + bytes) % kFile;
      io_uring_prep_read(entry, file, buffer.data() + std::size_t{i} * bytes,
                         static_cast<unsigned>(bytes), position);
    }
    io_uring_submit_and_wait(&ring, count);
    const double seconds = monotonic_seconds() - start;
    bool failed = false;
    io_uring_cqe* done = nullptr;
    for (unsigned i = 0; i < count && io_uring_wait_cqe(&ring, &done) == 0; ++i) {
      failed = failed || done->res < 0;
      io_uring_cqe_seen(&ring, done);
    }
    if (failed) throw Unsupported("reading with O_DIRECT failed");
    return seconds;
  }

  Buffer buffer;
  Descriptor file;
  io_uring ring{};
  std::mt19937_64 random{1};
  std::uint64_t next = 0;
};

/// Seconds per io_uring_enter() that does nothing, so many times.
std::function<double()> rings(const std::shared_ptr<DiskFile>& disk, unsigned requests) {
  return [=] {
    constexpr int kTimes = 2000;
    if (disk->ring.ring_fd < 0) throw Unsupported("the kernel has no io_uring");
    const double seconds = cpu_seconds([&] {
      for (int i = 0; i < kTimes; ++i) {
        for (unsigned j = 0; j < requests; ++j) io_uring_prep_nop(io_uring_get_sqe(&disk->ring));
        io_uring_submit_and_wait(&disk->ring, requests);
        io_uring_cq_advance(&disk->ring, requests);
      }
    });
    return seconds / kTimes;
  };
}

/// Seconds of CPU time per O_DIRECT read, 128 of 4 KiB at a time.
std::function<double()> reading_deep(const std::shared_ptr<DiskFile>& disk) {
  return [=] {
    constexpr int kTimes = 8;
    const double seconds = cpu_seconds([&] {
      for (int i = 0; i < kTimes; ++i) disk->read_at_once(kDeep, kBlock, true);
    });
    return seconds / (kTimes * kDeep);
  };
}

/// CPU time of pread() with O_DIRECT, each with a send() to a receiver that is awake: alone, over
/// and over, it would take a third less. Each batch has a buffer of its own, as runs of a path
/// have: how its pages lie in memory makes a difference.
std::function<Batch()> reading_directly(const Receiver& to, const std::shared_ptr<DiskFile>& disk,
                                        std::size_t size, std::size_t sent = kBlock) {
  return [=] {
    const std::size_t reads = size == kBlock ? kBlocksPerBatch : kMebibytesPerBatch;
    if (disk->file < 0) throw Unsupported("the file system has no O_DIRECT");
    const Buffer buffer(std::max(size, sent));
    const Awake awake(to);
    const auto send = [&] { to->take(buffer, sent); };
    return seconds_beside(
        *to, reads, packets_of(sent),
        [&] {
          if (pread(disk->file, buffer.data(), size, static_cast<off_t>(disk->next)) < 0) {
            throw Unsupported(with_reason("reading with O_DIRECT"));
          }
          disk->next = (disk->next + size) % kFile;
          send();
        },
        send);
  };
}

/// Seconds per byte of memcpy() of what the disk has just delivered, so many MiB at once, into the
/// same memory each time.
std::function<double()> copying_delivered(const std::shared_ptr<DiskFile>& disk,
                                          unsigned mebibytes) {
  auto piece = std::make_shared<Buffer>(16 * kBlock);
  return [=] {
    constexpr unsigned kDelivered = 64;  // MiB, as in a run of a path
    double seconds = 0;
    for (unsigned done = 0; done < kDelivered; done += mebibytes) {
      disk->read_at_once(mebibytes, kMi, true);
      seconds += cpu_seconds([&] {
        for (std::size_t at = 0; at < mebibytes * kMi; at += piece->size()) {
          std::memcpy(piece->data(), disk->buffer.data() + at, piece->size());
        }
      });
    }
    return seconds / (kDelivered * static_cast<double>(kMi));
  };
}

}  // namespace

std::vector<Primitive> disk_primitives(const Receiver& to, const std::string& folder) {
  const auto disk = std::make_shared<DiskFile>(folder);
  return {
      {"uring_nop", "call", "io_uring_enter() with one request that does nothing", rings(disk, 1)},
      {"uring_16_nops", "call", "io_uring_enter() with 16 of them", rings(disk, 16)},
      {"direct_4k", "call", "pread() of 4 KiB with O_DIRECT and a send() of 4 KiB, less that send",
       reading_directly(to, disk, kBlock)},
      {"direct_1m", "call", "pread() of 1 MiB with O_DIRECT and a send() of 4 KiB, less that send",
       reading_directly(to, disk, kMi)},
      {"direct_4k_send_64k", "call",
       "pread() of 4 KiB with O_DIRECT and a send() of 64 KiB, less it",
       reading_directly(to, disk, kBlock, 16 * kBlock)},
      {"direct_4k_send_1m", "call", "the same with a send() of 1 MiB",
       reading_directly(to, disk, kBlock, kMi)},
      {"direct_deep_4k", "read", "CPU time of O_DIRECT reads of 4 KiB by io_uring, 128 at a time",
       reading_deep(disk)},
      {"copy_from_disk_1m", "byte",
       "memcpy() of a MiB that O_DIRECT has just read, into 64 KiB; the same memory each time",
       copying_delivered(disk, 1)},
      {"copy_from_disk_2m", "byte", "the same of 2 MiB", copying_delivered(disk, 2)},
      {"copy_from_disk_4m", "byte", "the same of 4 MiB", copying_delivered(disk, 4)},
      {"copy_from_disk_8m", "byte", "the same of 8 MiB", copying_delivered(disk, 8)},
      {"copy_from_disk_16m", "byte", "the same of 16 MiB", copying_delivered(disk, 16)},
      {"disk_random_4k", "read", "O_DIRECT reads of 4 KiB at random, one at a time",
       [=] {
         constexpr int kReads = 200;
         double seconds = 0;
         for (int i = 0; i < kReads; ++i) seconds += disk->read_at_once(1, kBlock, false);
         return seconds / kReads;
       }},
      {"disk_deep_4k", "read", "the same, 128 at a time",
       [=] {
         constexpr int kTimes = 20;
         double seconds = 0;
         for (int i = 0; i < kTimes; ++i) seconds += disk->read_at_once(kDeep, kBlock, false);
         return seconds / (kTimes * kDeep);
       }},
      {"disk_sequential", "byte", "O_DIRECT reads of 1 MiB on and on, 16 at a time", [=] {
         constexpr int kTimes = 4;
         double seconds = 0;
         for (int i = 0; i < kTimes; ++i) seconds += disk->read_at_once(kLarge, kMi, true);
         return seconds / (kTimes * static_cast<double>(kLarge * kMi));
       }}};
}

}  // namespace copypath::native
