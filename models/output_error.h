// What is thrown by all that write files: waveforms and captures here, reports in the program.
#pragma once

#include <stdexcept>

namespace copypath {

/// An output file could not be written in full; the message says which and why.
struct OutputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace copypath
