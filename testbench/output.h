// Output files that appear whole or not at all.
// A regular file is written under a temporary name in its own folder and renamed when it is
// complete. What must not be replaced by another file, such as a device, a pipe or this process's
// own standard output, receives the content when it is complete.
// The target is checked, and the temporary created, before any work is done.
#pragma once

#include <string>

namespace copypath {

class OutputFile {
public:
  /// Throws OutputError when `target` cannot be written: its folder does not exist, it is a folder
  /// itself, permission is missing. The temporary's name ends in `suffix`.
  explicit OutputFile(std::string target, const std::string& suffix = "");

  /// Removes the temporary unless commit() was called.
  ~OutputFile();

  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// The file to write to until commit().
  const std::string& path() const { return path_; }

  const std::string& target() const { return target_; }

  /// Writes the whole content. Throws OutputError when it does not fit.
  void write(const std::string& text);

  /// Removes the temporary, if there is one.
  void discard();

  /// Puts the complete file in its place. Throws OutputError.
  void commit();

  /// Whether commit() renames, which does not fail for lack of room.
  bool is_replaceable() const { return is_replaceable_; }

private:
  std::string target_;
  std::string destination_;  ///< the target with links resolved
  std::string path_;
  bool is_replaceable_ = true;
  bool committed_ = false;
};

/// Whether the two names mean one file, which may not exist yet. An empty name means none.
bool same_file(const std::string& a, const std::string& b);

/// Writes a report to standard output. Throws OutputError when not all of it could be written.
void write_standard_output(const std::string& text);

}  // namespace copypath
