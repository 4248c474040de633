// The waveform of a run: a VCD file through SystemC's tracing, with every lane of the machine.
#pragma once

#include <memory>
#include <string>

#include "models/ledger/vcd_file.h"
#include "models/platform/machine.h"

namespace copypath {

class Waveform {
public:
  /// Starts recording into `file`, from the present simulated time on.
  /// Throws OutputError if the file cannot be created.
  Waveform(const Machine& machine, const std::string& file);

  /// Ends the recording. Throws OutputError if not everything could be written.
  void close();

private:
  const Machine& machine_;
  std::unique_ptr<VcdFile> trace_;
};

}  // namespace copypath
