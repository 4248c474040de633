// The paths that exist; each has a file of its own.
#pragma once

#include "models/paths/path.h"

namespace copypath {

class Mapping;

// What more than one path does:

/// Sends `count` bytes from the file's position by reference, within one sendfile().
void send_file(Connection& c, Bytes count);
/// mmap() of the file, of which `count` bytes from its position will be used.
Mapping map_file(Connection& c, Bytes count);
void unmap_file(Connection& c, Mapping& mapping);  ///< munmap()
/// Sends `count` bytes from the file's position out of its mapping, within one write(). false: the
/// file has become shorter (EFAULT).
bool write_mapped(Connection& c, Mapping& mapping, Bytes count);

/// vmsplice() of a program's memory into its pipe, all that is left of the file.
void vmsplice_into_pipe(Connection& c);
/// read() from a pipe until everything has come.
void read_from_pipe(PipeReader& r);

/// Why files cannot be read with O_DIRECT as configured (refusal of a path), "" if they can.
std::string unaligned_direct_read(const Config& config);

/// Why there is no TLS in the kernel (refusal of a path), "" if there is.
std::string ktls_refusal(const Config& config);

extern const Path kReadWritePath;
extern const Path kMmapWritePath;
extern const Path kSendfilePath;
extern const Path kSplicePath;
extern const Path kDirectWritePath;
extern const Path kJavaTransferToPath;
extern const Path kCopyViaBufferedStreamPath;
extern const Path kMsgZerocopyMmapPath;
extern const Path kMsgZerocopyReadPath;
extern const Path kDirectZcPath;
extern const Path kVmsplicePath;
extern const Path kIoUringZcPath;
extern const Path kProxyReadWritePath;
extern const Path kProxySplicePath;
extern const Path kUserTlsPath;
extern const Path kUserTlsMmapPath;
extern const Path kKtlsSendfilePath;
extern const Path kKtlsWritePath;
extern const Path kCompressWritePath;
extern const Path kPreadPath;
extern const Path kMmapReadPath;
extern const Path kCopyReadWritePath;
extern const Path kCopySendfilePath;
extern const Path kPipeWriteReadPath;
extern const Path kPipeVmspliceReadPath;
extern const Path kPipeVmspliceSplicePath;

}  // namespace copypath
