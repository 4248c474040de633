// Loads scenarios: built-in defaults, the host profile, the scenario file and the command line,
// each layer over the one before. Everything that is wrong is reported at once, and nothing is
// replaced by a default because it could not be read.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "models/platform/config.h"
#include "testbench/expect.h"
#include "testbench/settings.h"

namespace copypath {

/// Everything that is wrong with a scenario; the program ends with exit status 2.
class BadInput : public std::runtime_error {
public:
  explicit BadInput(Problems problems);
  /// "file:line: key: what is wrong, what is accepted", one per problem; "--set: ..." for those of
  /// the command line.
  const Problems& problems() const { return problems_; }

private:
  Problems problems_;
};

struct Scenario {
  Config config;
  std::vector<Expectation> expectations;
  std::vector<std::string> left_out;  ///< of all paths: those that are refused, with the reasons
  std::string file;                   ///< as it was named
  std::string host;                   ///< the file of its host profile, as it was found; "": none
};

/// Loads `file`. A host profile is looked up beside the scenario file, then in `shipped_folder`;
/// one that is named on the command line, in the working directory first. A relative
/// workload.file is relative to the scenario file, on the command line to the working directory.
/// When a workload.file is given, workload.file_size is its size, and workload.data is "bytes"
/// unless it is set. A workload.list is looked up in the same way, and says how many clients and
/// files there are. Throws BadInput.
Scenario load_scenario(const std::string& file, const std::vector<Override>& overrides,
                       const std::string& shipped_folder);

/// The files that it was made of and serves: what no output may replace. Some may be empty.
std::vector<std::string> inputs_of(const Scenario& scenario);

/// Throws BadInput with the reasons if of all paths there is none that can be run.
void require_paths(const Scenario& scenario);

/// The effective configuration as a scenario file that gives the same results when it is run:
/// all layers flattened, with the meaning of every key as a comment. Expectations that need a path
/// which is not in the list of paths are kept as comments.
std::string dump(const Scenario& scenario);

}  // namespace copypath
