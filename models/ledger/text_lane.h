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
  /// `characters`: the longest text that can be shown; longer ones are cut.
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
  void encode() {
    const bool silent = *text_ == '\0';
    const char* next = text_;
    for (int bit = 8 * characters_ - 1; bit >= 0;) {
      const auto character = static_cast<unsigned char>(*next);
      for (int i = 7; i >= 0; --i, --bit) {
        const bool one = ((character >> i) & 1) != 0;
        bits_->set_bit(bit, silent ? sc_dt::Log_Z : one ? sc_dt::Log_1 : sc_dt::Log_0);
      }
      if (*next != '\0') ++next;
    }
  }

  const char* text_;
  int characters_;
  std::unique_ptr<sc_dt::sc_lv_base> bits_;  // only while traced
};

}  // namespace copypath
