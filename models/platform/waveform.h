// The waveform of a run: a VCD file through SystemC's own tracing, with every lane of the machine.
#pragma once

#include <string>

#include "models/platform/machine.h"

namespace copypath {

class Waveform {
public:
  /// Starts recording into `file`, from the present simulated time on.
  /// Throws OutputError if the file cannot be created.
  Waveform(const Machine& machine, const std::string& file);
  ~Waveform();
  Waveform(const Waveform&) = delete;
  Waveform& operator=(const Waveform&) = delete;

  /// Ends the recording. Throws OutputError if not everything could be written.
  void close();

private:
  const Machine& machine_;
  std::string file_;
  std::string written_;  // SystemC insists on the suffix ".vcd"
  sc_core::sc_trace_file* trace_ = nullptr;
};

}  // namespace copypath
