// FileChannel.transferTo() of Java: sendfile() behind a method, as long as the target is a socket.
// Otherwise the runtime falls back, first to a mapping, then to a buffer, and says nothing.
// Follows sun.nio.ch.FileChannelImpl of OpenJDK 8 to 21.
#include <algorithm>

#include "models/kernel/vfs.h"
#include "models/paths/all_paths.h"
#include "models/workload/connection.h"

namespace copypath {

namespace {

constexpr Bytes kMostPerCall{0x7fffffff};        // Integer.MAX_VALUE
constexpr Bytes kMostPerSendfile{0x7ffff000};    // MAX_RW_COUNT of the kernel
constexpr Bytes kMappedTransferSize = kMiB * 8;  // MAPPED_TRANSFER_SIZE
constexpr Bytes kTransferSize = kKiB * 8;        // TRANSFER_SIZE

/// transferToDirectly(): all that is left with one call.
void transfer_directly(Connection& c, Bytes count) {
  const SystemCall sendfile(c.kernel, c.task, Call::kSendfile);
  send_file(c, std::min(count, kMostPerSendfile));
}

/// transferToTrustedChannel(): a window of the file after the other is mapped and written.
void transfer_mapped(Connection& c, Bytes count) {
  while (count > Bytes(0) && c.file.left() > Bytes(0)) {
    const Bytes window = std::min({count, c.file.left(), kMappedTransferSize});
    Mapping mapping = map_file(c, window);
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      write_mapped(c, mapping, window);
    }
    unmap_file(c, mapping);
    count -= window;
  }
}

/// transferToArbitraryChannel(): through a buffer of the runtime's.
void transfer_through_buffer(Connection& c, Bytes count) {
  const std::uint64_t buffer = c.user_buffer(0, kTransferSize);
  while (count > Bytes(0) && c.file.left() > Bytes(0)) {
    Bytes n;
    {
      const SystemCall pread(c.kernel, c.task, Call::kPread);
      n = vfs_read(c.task, c.kernel, c.file, buffer, std::min(count, kTransferSize));
    }
    if (n == Bytes(0)) break;  // EIO, as an IOException
    {
      const SystemCall write(c.kernel, c.task, Call::kWrite);
      c.socket.send(c.task, {{buffer, static_cast<std::uint32_t>(n.count())}});
    }
    count -= n;
  }
}

void serve(Connection& c) {
  while (c.file.left() > Bytes(0)) {
    const Bytes count = std::min(c.file.left(), kMostPerCall);
    switch (c.config.workload.java_target) {
      case JavaTarget::kSocket:
        transfer_directly(c, count);
        break;
      case JavaTarget::kTrusted:
        transfer_mapped(c, count);
        break;
      case JavaTarget::kArbitrary:
        transfer_through_buffer(c, count);
        break;
    }
  }
}

}  // namespace

const Path kJavaTransferToPath{
    "java_transfer_to",
    "FileChannel.transferTo() of Java: sendfile() if the target is a socket, otherwise a mapping "
    "or "
    "a buffer",
    {
        {"at most 2^31 - 1 bytes per call of transferTo()", "FileChannelImpl.transferTo",
         "OpenJDK, sun.nio.ch.FileChannelImpl"},
        {"the target is a SocketChannel: one sendfile() for all of it, as the path sendfile",
         "FileChannelImpl.transferToDirectly", "OpenJDK, FileChannelImpl.c: transferTo0"},
        {"else, if it is a channel of the runtime's: map 8 MiB of the file",
         "FileChannelImpl.transferToTrustedChannel", "OpenJDK, MAPPED_TRANSFER_SIZE"},
        {"and write them from the mapping, as the path mmap_write", "ksys_write",
         "fs/read_write.c"},
        {"else (a channel around a socket, for TLS or compression): pread() into a buffer of 8 KiB",
         "FileChannelImpl.transferToArbitraryChannel", "OpenJDK, TRANSFER_SIZE"},
        {"and write() it, as the path read_write", "ksys_write", "fs/read_write.c"},
    },
    serve,
    Transformation::kNone,
    Reads::kAnyFile,
    [](const Config& config) -> std::string {
      const bool maps = config.workload.java_target == JavaTarget::kTrusted;
      if (!maps || config.workload.open != FileSource::kDax) return "";
      return "maps the file for workload.java_target = trusted, and mapped files in persistent "
             "memory are not modelled; choose another target";
    }};

}  // namespace copypath
