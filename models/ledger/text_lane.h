// A lane of a waveform that shows words: in the file a bit vector that holds ASCII, which GTKWave
// displays as text. Nothing to show (an empty text) is high impedance, which GTKWave draws as a
// thin line, so that words stand out. Costs one pointer assignment, traced or not: what a word
// looks like in bits is the business of the file.
#pragma once

#include <string>
#include <systemc>

namespace copypath {

class TextLane {
public:
  /// `characters`: the longest text that can be shown, a multiple of 4; longer ones are cut.
  explicit TextLane(const char* text = "", int characters = 16)
      : text_(text), characters_(characters) {}

  /// Shows `text`, which must live as long as the lane (a literal).
  void set(const char* text) { text_ = text; }

  /// In a VcdFile: no other kind of file shows words.
  void trace(sc_core::sc_trace_file* file, const std::string& name) const;

private:
  const char* text_;
  int characters_;
};

}  // namespace copypath
