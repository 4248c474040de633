// A data path: a short program that takes bytes from a file to a socket, and its explanation.
#pragma once

#include <string>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

struct Connection;  // models/workload: one client's task, file and socket
struct PipeReader;  // models/workload: a program at the end of a pipe

/// One step of a path as `copypath explain` prints it.
struct Step {
  const char* what;             ///< in plain words
  const char* kernel_function;  ///< the function of Linux that it mirrors
  const char* source;           ///< where that can be read: file, man page or commit
};

/// Where a path has its bytes from.
enum class Reads {
  kFile,     ///< a file that it opens its own way
  kAnyFile,  ///< a file, however it is opened (workload.open)
  kOrigin    ///< another server: it is a proxy
};

/// Whom a path is a program for.
enum class Job {
  kServe,      ///< clients
  kRead,       ///< itself: it sends nothing (workload.kind = random_reader)
  kCopyFiles,  ///< itself: it writes to another file (workload.kind = file_copy)
  kPipe        ///< another program, through a pipe (workload.kind = pipe)
};

struct Path {
  const char* name;
  const char* summary;
  std::vector<Step> steps;
  void (*serve)(Connection&);                        ///< sends the connection's whole request
  Transformation transform = Transformation::kNone;  ///< what it does to the bytes
  Reads reads = Reads::kFile;
  /// Why this machine cannot run it, and what can, as a sentence that begins with a verb; "" if it
  /// can. nullptr: every machine can.
  std::string (*refusal)(const Config&) = nullptr;
  Job job = Job::kServe;
  /// Moves the file to the socket by sendfile(): what a web server's `sendfile on` means.
  bool by_sendfile = false;
  /// What the program at the other end of the pipe does, if there is one.
  void (*consume)(PipeReader&) = nullptr;

  /// A program on the machine itself, which sends nothing.
  bool local() const { return job != Job::kServe; }
};

/// Why a path cannot be run as configured (the machine lacks something, or the clients insist on
/// a transformation that it cannot do), and the alternative, as a sentence about the path; "" if it
/// can.
std::string refusal(const Path& path, const Config& config);

/// All paths, in the order in which they are listed.
const std::vector<const Path*>& paths();

/// In the place of names: every path that the machine does not refuse.
constexpr const char* kAllPaths = "all";

/// The path of that name, or nullptr.
const Path* find_path(const std::string& name);

}  // namespace copypath
