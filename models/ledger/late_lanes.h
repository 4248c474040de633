// Lanes of a waveform that show what a model works out late: when a process depends on it, or when
// somebody looks, but with its exact time. There may be several changes between two instants in
// which processes run, so the writer of the waveform asks for them one after the other before it
// writes the present.
#pragma once

#include <systemc>

namespace copypath {

class LateLanes {
public:
  virtual ~LateLanes() = default;

  /// When the lanes change next, up to the present; the end of time if they do not.
  virtual sc_core::sc_time next_change() = 0;
  /// Sets the lanes to what they show from then on.
  virtual void change() = 0;
  /// Nobody looks any more.
  virtual void forget() = 0;
};

}  // namespace copypath
