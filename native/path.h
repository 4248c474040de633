// A data path as a server would program it: a function that sends a client what it asked for, with
// real system calls. Each has a file of its own, to be read beside the one in models/paths.
#pragma once

#include <string>
#include <vector>

#include "native/connection.h"

namespace copypath::native {

/// Where a path takes the bytes from.
enum class Source {
  kFile,
  kDirectFile,  ///< opened with O_DIRECT
  kOrigin       ///< a socket: the server is a proxy
};

/// What the client has to do to see the bytes of the file.
enum class Encoding {
  kPlain,
  kTls,        ///< open TLS records that the program sealed
  kKernelTls,  ///< open TLS records that the kernel sealed
  kDeflate     ///< inflate
};

struct Path {
  const char* name;
  const char* summary;
  /// Serves all requests. Throws Unsupported, Disconnected or std::runtime_error.
  void (*serve)(Connection&);
  Source source = Source::kFile;
  Encoding encoding = Encoding::kPlain;
  /// A program that reads for itself and sends nothing (workload.kind = random_reader).
  bool local = false;
};

/// All paths, in the order in which they are listed.
const std::vector<const Path*>& paths();

/// The path of that name, or nullptr.
const Path* find_path(const std::string& name);

}  // namespace copypath::native
