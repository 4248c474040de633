// A data path: a short program that takes bytes from a file to a socket, and its explanation.
#pragma once

#include <string>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

struct Connection;  // models/workload: one client's task, file and socket

/// One step of a path as `copypath explain` prints it.
struct Step {
  const char* what;             ///< in plain words
  const char* kernel_function;  ///< the function of Linux that it mirrors
  const char* source;           ///< where that can be read: file, man page or commit
};

struct Path {
  const char* name;
  const char* summary;
  std::vector<Step> steps;
  void (*serve)(Connection&);                        ///< sends the connection's whole request
  Transformation transform = Transformation::kNone;  ///< what it does to the bytes
  /// Why this machine cannot run it, and what can; "" if it can. nullptr: every machine can.
  std::string (*refusal)(const Config&) = nullptr;
  bool proxy = false;  ///< the bytes come from an origin instead of a file
};

/// Why a path cannot be run as configured (the machine lacks something, or the clients insist on
/// a transformation that it cannot do), and the alternative; "" if it can.
std::string refusal(const Path& path, const Config& config);

/// All paths, in the order in which they are listed.
const std::vector<const Path*>& paths();

/// The path of that name, or nullptr.
const Path* find_path(const std::string& name);

}  // namespace copypath
