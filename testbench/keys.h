// The table of scenario keys: one line per key, bound to a field of Config. Scenario files, --set,
// `copypath keys`, the reference page and --dump are all driven by it. The default of a key is the
// initialiser of its field.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/platform/config.h"

namespace copypath {

struct Key {
  std::string name;       ///< "section.field"; top-level keys have no section
  std::string type;       ///< "size", "rate", "time", "count", "ratio", "switch", "choice", ...
  std::string accepted;   ///< range or choices, for people; may be empty
  std::string zero_word;  ///< the word that stands for zero (or no text): "none"; may be empty
  std::string help;       ///< what the key means
  std::string source;     ///< where the default comes from, or "assumed"

  /// Reads `text` into the field. Throws BadValue if it is not acceptable.
  std::function<void(Config&, const std::string& text)> set;
  /// The value of the field, in the form that `set` reads back as the same value.
  std::function<std::string(const Config&)> get;

  std::string section() const;       ///< "" for a top-level key
  std::string default_text() const;  ///< the built-in default
};

/// All keys; those of one section stand together, top-level keys first.
const std::vector<Key>& keys();

/// The key of that name, or nullptr.
const Key* find_key(const std::string& name);

/// The sections that have keys, in the order of the table.
const std::vector<std::string>& sections();

/// " (did you mean 'X'?)" for a mistyped key, or "". A key of the right name in another section
/// counts as near.
std::string suggest_key(const std::string& name);

/// What `copypath keys` prints.
std::string keys_as_text();

/// The reference page for docs/: a table per section.
std::string keys_as_markdown();

}  // namespace copypath
