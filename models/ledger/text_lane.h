// A lane of a waveform that shows words: a bit vector that holds ASCII, which GTKWave displays as
// text. Nothing to show (an empty text) is high impedance, which GTKWave draws as a thin line, so
// that words stand out. Costs one pointer assignment unless the lane is traced.
#pragma once

#include <memory>
#include <string>
#include <systemc>

namespace copypath {

class TextLane {
public:
  /// `characters`: the longest text that can be shown, a multiple of 4; longer ones are cut.
  explicit TextLane(const char* text = "", int characters = 16)
      : text_(text), characters_(characters) {}

  /// Shows `text`, which must live as long as the lane (a literal).
  void set(const char* text) {
    if (text == text_) return;
    text_ = text;
    if (bits_) encode();
  }

  void trace(sc_core::sc_trace_file* file, const std::string& name) {
    if (!bits_) bits_ = std::make_unique<sc_dt::sc_lv_base>(8 * characters_);
    encode();
    sc_core::sc_trace(file, *bits_, name);
  }

private:
  /// Four characters per word, the first in the highest byte.
  void encode() {
    const bool silent = *text_ == '\0';
    const char* next = text_;
    for (int word = characters_ / 4 - 1; word >= 0; --word) {
      sc_dt::sc_digit letters = 0;
      for (int i = 0; i < 4; ++i) {
        letters = (letters << 8) | static_cast<unsigned char>(*next);
        if (*next != '\0') ++next;
      }
      bits_->set_word(word, letters);
      bits_->set_cword(word, silent ? ~sc_dt::sc_digit{0} : 0);
    }
  }

  const char* text_;
  int characters_;
  std::unique_ptr<sc_dt::sc_lv_base> bits_;  // only while traced
};

}  // namespace copypath
