// A lane of a waveform that shows words: a bit vector that holds ASCII, which GTKWave displays as
// text. Costs one pointer assignment unless the lane is traced.
#pragma once

#include <string>
#include <systemc>

namespace copypath {

class TextLane {
public:
  /// The longest text that can be shown; longer ones are cut.
  static constexpr int kCharacters = 16;

  explicit TextLane(const char* text = "") : text_(text) {}

  /// Shows `text`, which must live as long as the lane (a literal).
  void set(const char* text) {
    if (text == text_) return;
    text_ = text;
    if (traced_) encode();
  }

  void trace(sc_core::sc_trace_file* file, const std::string& name) {
    traced_ = true;
    encode();
    sc_core::sc_trace(file, bits_, name);
  }

private:
  void encode() {
    bits_ = 0;
    int bit = 8 * kCharacters;
    for (const char* c = text_; *c != '\0' && bit > 0; ++c, bit -= 8) {
      bits_.range(bit - 1, bit - 8) = static_cast<unsigned char>(*c);
    }
  }

  const char* text_;
  bool traced_ = false;
  sc_dt::sc_bv<8 * kCharacters> bits_;
};

}  // namespace copypath
